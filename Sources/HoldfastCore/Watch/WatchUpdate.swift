/// What a watch has to tell.
public enum WatchUpdate: Hashable, Sendable {
  /// The watch stands at the server, for the first time or again after `interrupted`. The header's revision is the
  /// store's at that moment; one below what was seen before means a lagging member or a restored store.
  case started(ResponseHeader)
  /// Changes.
  case batch(WatchBatch)
  /// Everything up to this revision has been delivered.
  case progress(WatchProgress)
  /// The connection was lost; the watch resumes by itself after its last event. Nothing is missed meanwhile.
  case interrupted(HoldfastError)
}

/// Says that every change up to a revision has been delivered.
public struct WatchProgress: Hashable, Sendable {
  public var revision: Revision
  /// Whether it was asked for rather than sent by the server's timer. Some server versions send an answer to a request
  /// before the events it covers; timed progress is in order everywhere.
  public var requested: Bool

  public init(revision: Revision, requested: Bool) {
    self.revision = revision
    self.requested = requested
  }
}
