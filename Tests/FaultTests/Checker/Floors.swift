/// What a cache may not go below any more: of each key the revision of the state that was seen, or whose write was
/// acknowledged. A state is a state *from* a revision on, deletes included.
struct Floors: Sendable {
  struct Floor: Sendable {
    var revision: Int64
    /// Whether an acknowledgement set it, and not a read.
    var isAcknowledged: Bool
  }

  /// The epoch of the store that the cache is known to have reached.
  var epoch = 0
  private(set) var keys: [String: Floor] = [:]
  private(set) var snapshot: Int64 = 0
  /// The highest revision that the cache's store had acknowledged, whatever anybody has seen since.
  private(set) var acknowledged: Int64 = 0

  subscript(key: String) -> Floor? { keys[key] }

  mutating func raise(_ key: String, to revision: Int64, isAcknowledged: Bool) {
    if isAcknowledged { acknowledged = max(acknowledged, revision) }
    if let floor = keys[key], floor.revision >= revision { return }
    keys[key] = Floor(revision: revision, isAcknowledged: isAcknowledged)
  }

  mutating func raiseSnapshot(to revision: Int64) { snapshot = max(snapshot, revision) }

  /// Revisions of before mean nothing in a new epoch.
  mutating func begin(_ epoch: Int) { self = Floors(epoch: epoch) }

  init(epoch: Int = 0) { self.epoch = epoch }
}

extension Oracle {
  /// The revision from which on the state that was seen held, not below the floor; nil when no such state was there.
  func since(_ key: String, _ seen: Seen?, floor: Int64) -> Int64? {
    if let seen {
      if seen.modRevision >= floor { return seen.modRevision }
      // Older than the floor, and still what the key held there.
      return (next(of: key, after: seen.modRevision)?.revision ?? .max) > floor ? floor : nil
    }
    guard state(of: key, at: floor) != nil else { return floor }
    return delete(of: key, after: floor)?.revision
  }
}
