/// What to watch, and from where on.
public struct WatchRequest: Hashable, Sendable {
  public var range: KeyRange
  /// The first revision whose changes are wanted; nil for those after the watch was created.
  public var startRevision: Revision?
  /// Deliver with every change what the key held before it (where the store still has it).
  public var previous = false
  /// Leave out writes, or deletes.
  public var withoutPuts = false
  public var withoutDeletes = false
  /// Report progress at the server's interval while nothing changes.
  public var progress = true

  public init(_ range: KeyRange, from startRevision: Revision? = nil) {
    self.range = range
    self.startRevision = startRevision
  }
}
