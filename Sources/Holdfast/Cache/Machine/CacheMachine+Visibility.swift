package import HoldfastCore

/// The keys that a step may change, with what readers saw before it.
struct TouchedKeys<Content: Sendable> {
  struct Before {
    var record: CacheRecord<Content>?
  }

  var before = SortedMap<Before>()
}

extension CacheMachine {
  /// What a local reader sees: the highest revision of base, overlay and range tombstones. Overlay revisions are above A,
  /// the base's are not.
  package func visible(_ key: Key) -> CacheRecord<Content>? {
    switch overlay[key] {
    case .record(let record): record
    case .gone: nil
    case .nothing: base[key]
    }
  }

  func touch(_ key: Key, _ touched: inout TouchedKeys<Content>) {
    guard touched.before[key] == nil else { return }
    touched.before[key] = .init(record: visible(key))
  }

  /// Every key of the range that readers may see.
  func touch(_ keys: KeyRange, _ touched: inout TouchedKeys<Content>) {
    base.forEach(in: keys) { element in
      touch(element.key, &touched)
      return true
    }
    overlay.forEachKey(in: keys) { touch($0, &touched) }
  }

  func touchEverything(_ touched: inout TouchedKeys<Content>) { touch(.all, &touched) }

  /// What the overlay drops when the base reaches a revision. A range tombstone may uncover what the base holds below it,
  /// if a server lost a delete: what readers see is recomputed, not assumed.
  func touchEvictions(through revision: Revision, _ touched: inout TouchedKeys<Content>) {
    overlay.forEachEviction(through: revision, key: { touch($0, &touched) }, range: { touch($0, &touched) })
  }

  /// The real differences between what readers saw and what they see now.
  func publish(_ touched: TouchedKeys<Content>) -> [Action] {
    var changes: [VisibleChange<Content>] = []
    for (key, before) in touched.before {
      let now = visible(key)
      guard now?.keyValue != before.record?.keyValue else { continue }
      changes.append(VisibleChange(key: key, record: now))
    }
    return changes.isEmpty ? [] : [.publish(changes)]
  }
}
