package import HoldfastCore

extension MVCCStore {
  /// Forgets every version that was overwritten or deleted at or before a revision. What each key holds at that revision
  /// stays, so that it can still be read and watched from there.
  ///
  /// Throws, with outcome `refused`, `compacted` at or below an earlier compaction and `futureRevision` beyond the store.
  package mutating func compact(_ request: CompactRequest) throws -> ResponseHeader {
    let revision = request.revision
    try Self.refusing {
      if let compactRevision, revision <= compactRevision { throw compacted(revision, compactRevision) }
      if revision < .zero { throw compacted(revision, .zero) }
      if revision > self.revision {
        throw failure(.futureRevision, "revision \(revision) is beyond the store's, \(self.revision)")
      }
    }
    compactRevision = revision
    log.drop(before: revision)
    var kept: [(key: Key, value: KeyHistory)] = []
    kept.reserveCapacity(index.count)
    for (key, history) in index {
      var history = history
      for version in history.compact(at: revision) { size -= cost(key, version.keyValue) }
      if !history.isEmpty { kept.append((key, history)) }
    }
    index = SortedMap(kept)
    return header
  }
}
