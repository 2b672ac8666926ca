/// Remembers which revision of each key was told, so that a new list can be told as a difference: pure.
struct ListDiffer {
  private var known = SortedMap<Known>()
  private var wasListed = false

  private struct Known: Equatable {
    var createRevision: Revision
    var modRevision: Revision
    /// After a restore the same revision may stand for another value.
    var value: Int

    init(_ keyValue: KeyValue) {
      createRevision = keyValue.createRevision
      modRevision = keyValue.modRevision
      value = keyValue.value.hashValue
    }
  }

  /// Whether there was no list yet.
  var isEmpty: Bool { !wasListed }

  mutating func apply(_ event: WatchEvent) {
    known[event.key] = event.kind == .put ? Known(event.keyValue) : nil
  }

  /// What a list changes at one key.
  struct Change {
    enum Kind { case created, modified, replaced, deleted }

    var kind: Kind
    var event: WatchEvent
  }

  /// Takes a complete list and returns what it changes, in key order, deletes at the list's revision. A key that was deleted
  /// and created again is one change: its create revision tells.
  mutating func replace(with list: [KeyValue], at revision: Revision) -> [Change] {
    var next = SortedMap<Known>()
    var changes: [Change] = []
    for keyValue in list {
      let entry = Known(keyValue)
      let old = known[keyValue.key]
      if old != entry {
        let kind: Change.Kind =
          old.map { $0.createRevision == entry.createRevision ? .modified : .replaced } ?? .created
        changes.append(Change(kind: kind, event: WatchEvent(.put, keyValue)))
      }
      next[keyValue.key] = entry
    }
    for (key, _) in known where next[key] == nil {
      changes.append(Change(kind: .deleted, event: .delete(key, at: revision)))
    }
    known = next
    wasListed = true
    return changes.sorted { $0.event.key < $1.event.key }
  }
}
