import HoldfastCore
import HoldfastEtcdProtos

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The messages under the names that they have in etcd's own documentation.
enum Wire {
  typealias Header = Etcdserverpb_ResponseHeader
  typealias KeyValue = Mvccpb_KeyValue
  typealias Event = Mvccpb_Event
  typealias RangeRequest = Etcdserverpb_RangeRequest
  typealias RangeResponse = Etcdserverpb_RangeResponse
  typealias PutRequest = Etcdserverpb_PutRequest
  typealias PutResponse = Etcdserverpb_PutResponse
  typealias DeleteRangeRequest = Etcdserverpb_DeleteRangeRequest
  typealias DeleteRangeResponse = Etcdserverpb_DeleteRangeResponse
  typealias TxnRequest = Etcdserverpb_TxnRequest
  typealias TxnResponse = Etcdserverpb_TxnResponse
  typealias RequestOp = Etcdserverpb_RequestOp
  typealias ResponseOp = Etcdserverpb_ResponseOp
  typealias Compare = Etcdserverpb_Compare
  typealias WatchRequest = Etcdserverpb_WatchRequest
  typealias WatchResponse = Etcdserverpb_WatchResponse
}

extension Key {
  var data: Data { Data(bytes) }
}

/// A range as etcd writes it: an empty end is the key alone, an end of one zero byte is no end.
struct WireRange: Hashable {
  var key: [UInt8]
  var end: [UInt8]

  init(_ range: KeyRange) {
    if range.isSingleKey {
      // The empty key too: the server refuses it, as it must.
      (key, end) = (range.start.bytes, [])
    } else if range.isEmpty {
      // Its end could be read as "no end" or as "this key alone". Equal ends hold nothing, if they are not a zero byte.
      let edge = range.start.bytes.isEmpty || range.start.bytes == [0] ? [1] : range.start.bytes
      (key, end) = (edge, edge)
    } else {
      key = range.start.isEmpty ? [0] : range.start.bytes
      end = range.end?.bytes ?? [0]
    }
  }
}

extension ResponseHeader {
  /// - Throws: `MalformedAnswer` when there is no header, or none with a revision.
  init(_ header: Wire.Header?) throws {
    guard let header, header.revision > 0 else { throw MalformedAnswer("it has no revision") }
    self.init(
      clusterID: header.clusterID, memberID: header.memberID, revision: Revision(header.revision),
      raftTerm: header.raftTerm)
  }
}

extension KeyValue {
  /// - Throws: `MalformedAnswer` when it has no key, which etcd never has.
  init(_ keyValue: Wire.KeyValue, at revision: Revision? = nil) throws {
    guard !keyValue.key.isEmpty else { throw MalformedAnswer(MalformedAnswer.noKey.text, revision: revision) }
    self.init(
      key: Key(bytes: keyValue.key), value: Array(keyValue.value),
      createRevision: Revision(keyValue.createRevision), modRevision: Revision(keyValue.modRevision),
      version: keyValue.version, lease: keyValue.lease == 0 ? nil : LeaseID(keyValue.lease))
  }
}
