package import HoldfastCore

/// How a cache's base moved from one revision to another: what history and change streams are made of.
package struct BaseStep: Sendable {
  package enum Kind: Sendable {
    /// The first list: nothing was held before, and the changes are not told.
    case loaded
    /// What the watch brought: every change of every revision, in order. Without changes it is progress.
    case changes
    /// The net difference to a list, in key order. It is not continuous when what was held before was not the store's past:
    /// another epoch, or a repair.
    case resync(isContinuous: Bool)
    /// What was held, which this is, was dropped; a `loaded` follows some time.
    case forgotten(RecordMap)
  }

  package var kind: Kind
  /// The base's revision before.
  package var from: Revision
  /// The base's revision now.
  package var to: Revision
  package var epoch: Int
  package var changes: [BaseChange]

  package init(
    _ kind: Kind, from: Revision, to: Revision, epoch: Int, changes: [BaseChange] = []
  ) {
    (self.kind, self.from, self.to, self.epoch, self.changes) = (kind, from, to, epoch, changes)
  }
}

/// What a step did to one key: at least one of old and new is there.
package struct BaseChange: Sendable {
  package enum Kind: Sendable { case created, modified, replaced, deleted }

  package var key: Key
  /// For a delete that only a list has told, the list's revision: an upper bound.
  package var revision: Revision
  package var old: CacheRecord?
  package var new: CacheRecord?

  package init(key: Key, revision: Revision, old: CacheRecord?, new: CacheRecord?) {
    (self.key, self.revision, self.old, self.new) = (key, revision, old, new)
  }

  /// A key that was deleted and created again is one change: its create revision tells.
  package var kind: Kind {
    guard let new else { return .deleted }
    guard let old else { return .created }
    return old.createRevision == new.createRevision ? .modified : .replaced
  }

  /// Whether it is of a key that the cache holds nothing of, and tells nobody about.
  var isLeftOut: Bool { (new ?? old)?.isLeftOut ?? false }

  /// Of the key and of the values.
  package var bytes: Int {
    key.bytes.count + (old?.heldSize ?? 0) + (new?.heldSize ?? 0)
  }

  /// This change and then the next of the same key, as one; nil when they undo each other.
  package func followed(by next: BaseChange) -> BaseChange? {
    if old == next.new { return nil }
    return BaseChange(key: key, revision: next.revision, old: old, new: next.new)
  }
}

extension RecordMap {
  /// What has to change in a range to make this the other one, which is the state at that revision; in key order.
  package func difference(to other: Self, in range: KeyRange, at revision: Revision) -> [BaseChange] {
    var changes: [BaseChange] = []
    func drop(_ element: Element) {
      changes.append(BaseChange(key: element.key, revision: revision, old: element.value, new: nil))
    }
    // Arrays, because a walk that starts inside a map cannot be interrupted; their elements are references.
    let (before, after) = (elements(in: range), other.elements(in: range))
    var index = 0
    for (key, new) in after {
      while index < before.count, before[index].key < key {
        drop(before[index])
        index += 1
      }
      var old: CacheRecord?
      if index < before.count, before[index].key == key {
        old = before[index].value
        index += 1
      }
      guard old != new else { continue }
      changes.append(BaseChange(key: key, revision: new.modRevision, old: old, new: new))
    }
    for element in before[index...] { drop(element) }
    return changes
  }
}
