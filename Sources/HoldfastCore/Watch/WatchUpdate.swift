/// What a watch has to tell.
public enum WatchUpdate: Hashable, Sendable {
  /// The watch stands at the server, for the first time or again after `interrupted`. The header's revision is the
  /// store's at that moment; one below what was seen before means a lagging member or a restored store.
  case started(ResponseHeader)
  /// Changes.
  case batch(WatchBatch)
  /// How far the watch is; see ``WatchProgress/isOrdered`` for what that says.
  case progress(WatchProgress)
  /// The connection was lost; the watch resumes by itself after its last event. Nothing is missed meanwhile.
  case interrupted(HoldfastError)
}

/// Says how far a watch is where there is nothing to deliver.
public struct WatchProgress: Hashable, Sendable {
  public var revision: Revision
  /// Whether every change up to the revision was delivered before this. False for the answer of a server that may send it
  /// before the events it covers: it says that the server is there, and that its store has reached the revision, no more.
  ///
  /// What an etcd sends by its timer is in order on every version. What was asked for is in order from 3.4.31, 3.5.13 and
  /// 3.6.0 on (etcd issues 15220 and 17529), which the very member that serves the watch must be known to run. The
  /// embedded engine's is always in order.
  public var isOrdered: Bool

  public init(revision: Revision, isOrdered: Bool) {
    self.revision = revision
    self.isOrdered = isOrdered
  }
}
