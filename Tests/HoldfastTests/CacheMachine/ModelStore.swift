import Holdfast
import HoldfastCore

/// The oracle: a store as a plain log, with the whole state after every revision.
struct ModelStore {
  typealias State = [Key: KeyValue]

  /// After revision `index + 1`; the first revision is the empty store's.
  private(set) var states: [State] = [[:]]
  private(set) var log: [[CacheChange<String>]] = [[]]
  /// The revisions that deleted a key.
  private(set) var deletes: [Key: [Revision]] = [:]

  var revision: Revision { Revision(Int64(states.count)) }
  var current: State { states[states.count - 1] }

  func state(at revision: Revision) -> State { states[Int(revision.rawValue) - 1] }
  func changes(at revision: Revision) -> [CacheChange<String>] { log[Int(revision.rawValue) - 1] }

  enum Write {
    case put(Key, String)
    case delete(KeyRange)
  }

  /// Commits one transaction and says what its acknowledgement carries. One that changes nothing makes no revision and is
  /// answered with the current one, as etcd does.
  mutating func commit(_ writes: [Write]) -> (effects: [WriteEffect<String>], revision: Revision) {
    var state = current
    var changes: [CacheChange<String>] = []
    var effects: [WriteEffect<String>] = []
    let next = revision.next
    for write in writes {
      switch write {
      case .put(let key, let value):
        let old = state[key]
        let keyValue = KeyValue(
          key: key, value: Array(value.utf8), createRevision: old?.createRevision ?? next, modRevision: next,
          version: (old?.version ?? 0) + 1)
        state[key] = keyValue
        let record = CacheRecord(keyValue: keyValue, content: value)
        changes.append(.put(record))
        effects.append(.put(record))
      case .delete(let range):
        for key in state.keys.sorted() where range.contains(key) {
          state[key] = nil
          deletes[key, default: []].append(next)
          changes.append(.delete(key, next))
        }
        effects.append(.delete(range))
      }
    }
    guard !changes.isEmpty else { return (effects, revision) }
    states.append(state)
    log.append(changes)
    return (effects, next)
  }

  /// Restores an older state; what follows is another history.
  mutating func rewind(to revision: Revision) {
    states.removeSubrange(Int(revision.rawValue)...)
    log.removeSubrange(Int(revision.rawValue)...)
    for key in deletes.keys { deletes[key]?.removeAll { $0 > revision } }
  }
}
