package import HoldfastCore

/// How a cache came by the history that it follows.
package struct CacheLineage: Hashable, Sendable {
  /// Counts its lists and its watches. What it holds is of one history as long as this does not change: a watch is broken by
  /// whatever restores the store, and begins anew.
  package private(set) var count = 0
  /// When the last of them had come. Whatever store it takes from, that was the one then.
  package private(set) var since = Duration.zero

  package init() {}

  package mutating func begin(at now: Duration) {
    count += 1
    since = now
  }
}

/// How far a cache is, for a view over several.
package struct CacheMark: Hashable, Sendable {
  /// What its snapshots state.
  package var revision: Revision
  package var lineage: CacheLineage
  /// When the newest quorum read was sent that confirms what it holds.
  package var confirmed: Duration?
  package var clusterID: UInt64?
  /// The highest revision of its writes that this process has had acknowledged.
  package var acknowledged: Revision

  package init(
    revision: Revision, lineage: CacheLineage, confirmed: Duration?, clusterID: UInt64?, acknowledged: Revision = .zero
  ) {
    (self.revision, self.lineage, self.confirmed) = (revision, lineage, confirmed)
    (self.clusterID, self.acknowledged) = (clusterID, acknowledged)
  }
}

extension CacheMachine {
  /// Nil when it has not loaded.
  package func mark(_ lineage: CacheLineage, clusterID: UInt64?) -> CacheMark? {
    snapshotRevision.map {
      CacheMark(
        revision: $0, lineage: lineage, confirmed: confirmed, clusterID: clusterID,
        acknowledged: highestAcknowledged ?? .zero)
    }
  }
}
