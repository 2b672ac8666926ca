import Holdfast
import HoldfastCore

/// A consumer of a cache's changes, and what it was told.
struct SimulatedConsumer {

  let id: Int
  let cache: Int
  let range: KeyRange
  /// The simulation's keys in its range.
  let keys: [Int]
  let policy: ChangePolicy
  let isSlow: Bool
  var queue: ChangeQueue
  /// What it was told of its keys, and that this is the state at a revision.
  var told: [KeyValue?]
  var revision: Revision
  /// The oldest history that this can be of.
  var history: Int
  /// The epoch of its cache, and whether it must still be told that this one began.
  var epoch: Int
  var owesEpoch = false
  /// Whether its cache was not sent something: then it is told what its cache holds, and that need not be what happened.
  var sawLoss = false

  var name: String { "consumer \(id) of cache \(cache), \(range)," }

  /// What it has been told after more changes, if they begin where it is.
  func told(after changes: [BaseChange]) -> [KeyValue?]? {
    var state = told
    for change in changes {
      guard let index = Keys.index(change.key).flatMap(keys.firstIndex) else { return nil }
      let (old, new) = (change.old?.keyValue, change.new?.keyValue)
      guard state[index] == old, old != new, new.map({ $0.modRevision == change.revision }) ?? true else { return nil }
      state[index] = new
    }
    return state
  }
}

extension Oracle {
  /// What happened to some keys after a revision, up to another, in a history; by revision, then by key.
  func changes(
    of keys: [Int], after first: Revision, through last: Revision, in history: Int
  ) -> [(revision: Revision, key: Int, old: KeyValue?, new: KeyValue?)]? {
    var changes: [(revision: Revision, key: Int, old: KeyValue?, new: KeyValue?)] = []
    var revision = first
    while revision < last {
      guard let before = histories[history].state(at: revision) else { return nil }
      revision = revision.next
      guard let after = histories[history].state(at: revision) else { return nil }
      for key in keys where before[key] != after[key] { changes.append((revision, key, before[key], after[key])) }
    }
    return changes
  }
}
