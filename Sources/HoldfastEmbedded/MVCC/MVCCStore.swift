package import HoldfastCore

/// etcd's store as a value: every decision about keys, revisions, transactions, leases and watches, and nothing else. It
/// knows no task, clock, randomness or I/O, so the same calls give the same answers, and a copy is a snapshot.
///
/// Where time matters the caller says what time it is, as a duration since a point of its own choice.
package struct MVCCStore: Sendable {
  /// The revision of the last change; 1 for a store that was never written to, as in etcd.
  package internal(set) var revision: Revision = 1
  /// What is older has been forgotten; nil before the first compaction.
  package internal(set) var compactRevision: Revision?
  /// What the store accepts in one request.
  package let limits: BackendLimits

  /// What the headers say apart from the revision.
  let identity: ResponseHeader
  var index = SortedMap<KeyHistory>()
  var log = ChangeLog()
  var leases = LeaseTable()
  /// Bytes of keys and values in all versions that are kept, with an allowance for each version.
  package internal(set) var size: Int64 = 0

  package init(clusterID: UInt64, memberID: UInt64, raftTerm: UInt64 = 1, limits: BackendLimits = BackendLimits()) {
    identity = ResponseHeader(clusterID: clusterID, memberID: memberID, revision: 1, raftTerm: raftTerm)
    self.limits = limits
  }

  /// A header that says the store's current revision.
  package var header: ResponseHeader { header(at: revision) }

  func header(at revision: Revision) -> ResponseHeader {
    var header = identity
    header.revision = revision
    return header
  }

  /// The memory that one version of a key is counted with.
  func cost(_ key: Key, _ keyValue: KeyValue?) -> Int64 {
    Int64(key.bytes.count + (keyValue?.value.count ?? 0) + 64)
  }
}
