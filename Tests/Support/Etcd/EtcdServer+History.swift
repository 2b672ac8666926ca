#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// The store's history, as a watch through the JSON gateway tells it: a witness that shares nothing with our client.
extension EtcdServer {
  /// One change of one key.
  package struct Change: Sendable, Hashable {
    package var key: [UInt8]
    /// Nil: it was deleted.
    package var value: [UInt8]?
    package var modRevision: Int64
    /// Zero for a delete, as `version` and `lease` are.
    package var createRevision: Int64
    package var version: Int64
    package var lease: Int64
  }

  /// Every change below a prefix from one revision to another, the last included, in the order in which it came.
  ///
  /// It watches until it has seen a change at or above the last revision: make one below the prefix if there may be none.
  package func changes(
    prefix: String, from first: Int64, through last: Int64, timeout: Duration = .seconds(60)
  ) async throws -> [Change] {
    if first > last { return [] }
    var changes: [Change] = []
    let request = Gateway.Watch(create_request: .init(prefix: prefix, start: first))
    let body = Array(try JSONEncoder().encode(request))
    let authorization = try await gateway.authorization()
    try await LoopbackHTTP(port: clientPort, timeout: timeout, authorization: authorization).stream(
      "/v3/watch", json: body
    ) { line in
      // The answer's headers are lines, too.
      guard line.first == UInt8(ascii: "{") else { return false }
      let reply = try JSONDecoder().decode(Gateway.WatchReply.self, from: Data(line)).result
      if reply.canceled == true { throw EtcdFixtureError("the witness's watch was cancelled: \(reply)") }
      for event in reply.events ?? [] where event.change.modRevision <= last { changes.append(event.change) }
      return (reply.events?.last?.change.modRevision ?? 0) >= last
    }
    return changes
  }
}

extension Gateway {
  struct Watch: Encodable {
    struct Create: Encodable {
      var key: Bytes
      var range_end: Bytes?
      var start_revision: String

      init(prefix: String, start: Int64) {
        let range = Range(prefix: prefix)
        (key, range_end, start_revision) = (range.key, range.range_end, "\(start)")
      }
    }

    var create_request: Create
  }

  struct WatchReply: Decodable {
    struct Result: Decodable {
      var canceled: Bool?
      var compact_revision: Text<Int64>?
      var events: [Event]?
    }

    struct Event: Decodable {
      var type: String?
      var kv: EventKeyValue

      var change: EtcdServer.Change {
        EtcdServer.Change(
          key: kv.key.bytes, value: type == "DELETE" ? nil : kv.value?.bytes ?? [],
          modRevision: kv.mod_revision.value, createRevision: kv.create_revision?.value ?? 0,
          version: kv.version?.value ?? 0, lease: kv.lease?.value ?? 0)
      }
    }

    /// Deletes carry only key and revision.
    struct EventKeyValue: Decodable {
      var key: Bytes
      var value: Bytes?
      var create_revision: Text<Int64>?
      var mod_revision: Text<Int64>
      var version: Text<Int64>?
      var lease: Text<Int64>?
    }

    var result: Result
  }
}
