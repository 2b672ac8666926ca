/// Remembers which revision of each key was told, so that a new list can be told as a difference: pure.
struct ListDiffer {
  private var known = SortedMap<Known>()
  private var wasListed = false

  private struct Known: Equatable {
    var createRevision: Revision
    var modRevision: Revision
  }

  /// Whether there was no list yet.
  var isEmpty: Bool { !wasListed }

  mutating func apply(_ event: WatchEvent) {
    switch event.kind {
    case .put:
      known[event.key] = Known(createRevision: event.keyValue.createRevision, modRevision: event.modRevision)
    case .delete: known[event.key] = nil
    }
  }

  /// Takes a complete list and returns what it changes, in key order, deletes at the list's revision, and whether the key is
  /// new. A key that was deleted and created again is one change: its create revision tells.
  mutating func replace(with list: [KeyValue], at revision: Revision) -> [(event: WatchEvent, isNew: Bool)] {
    var next = SortedMap<Known>()
    var changes: [(event: WatchEvent, isNew: Bool)] = []
    for keyValue in list {
      let entry = Known(createRevision: keyValue.createRevision, modRevision: keyValue.modRevision)
      let old = known[keyValue.key]
      if old != entry { changes.append((WatchEvent(.put, keyValue), old == nil)) }
      next[keyValue.key] = entry
    }
    for (key, _) in known where next[key] == nil { changes.append((.delete(key, at: revision), false)) }
    known = next
    wasListed = true
    return changes.sorted { $0.event.key < $1.event.key }
  }
}
