package import HoldfastCore

/// The keys that a step may change, with what readers saw before it.
///
/// A plain array, since a list touches every key at once and mostly in order; a key may be in it more than once.
struct TouchedKeys {
  typealias Touch = (key: Key, before: CacheRecord?)

  private var touches: [Touch] = []

  mutating func append(_ key: Key, before: CacheRecord?) { touches.append((key, before)) }

  /// In key order, of each key the first touch: what came later has seen a part of the step.
  func sorted() -> [Touch] {
    if zip(touches, touches.dropFirst()).allSatisfy({ $0.key < $1.key }) { return touches }
    var result: [Touch] = []
    let order = touches.indices.sorted { left, right in
      let (first, second) = (touches[left].key, touches[right].key)
      return first == second ? left < right : first < second
    }
    for index in order where touches[index].key != result.last?.key { result.append(touches[index]) }
    return result
  }
}

extension CacheMachine {
  /// What a local reader sees: the highest revision of base, overlay and range tombstones. Overlay revisions are above A,
  /// the base's are not.
  package func visible(_ key: Key) -> CacheRecord? {
    switch overlay[key] {
    case .record(let record): record
    case .gone: nil
    case .nothing: base[key]
    }
  }

  /// The record of an acknowledged write, where this is what became of it: one to hold, and one to decode.
  func shared(_ record: CacheRecord) -> CacheRecord {
    guard case .record(let held) = overlay[record.key], held == record else { return record }
    return held
  }

  func touch(_ key: Key, _ touched: inout TouchedKeys) {
    touched.append(key, before: visible(key))
  }

  /// Every key of the range that readers may see.
  func touch(_ keys: KeyRange, _ touched: inout TouchedKeys) {
    base.forEach(in: keys) { element in
      touch(element.key, &touched)
      return true
    }
    overlay.forEachKey(in: keys) { touch($0, &touched) }
  }

  func touchEverything(_ touched: inout TouchedKeys) { touch(.all, &touched) }

  /// What the overlay drops when the base reaches a revision. A range tombstone may uncover what the base holds below it,
  /// if a server lost a delete: what readers see is recomputed, not assumed.
  func touchEvictions(through revision: Revision, _ touched: inout TouchedKeys) {
    overlay.forEachEviction(through: revision, key: { touch($0, &touched) }, range: { touch($0, &touched) })
  }

  /// The real differences between what readers saw and what they see now.
  func publish(_ touched: TouchedKeys) -> [Action] {
    var changes: [VisibleChange] = []
    for (key, before) in touched.sorted() {
      let now = visible(key)
      guard now != before else { continue }
      changes.append(VisibleChange(key: key, record: now))
    }
    return changes.isEmpty ? [] : [.publish(changes)]
  }

  /// The same of what happened to the base while nothing lay over it: of each key the first that it was and the last.
  func publish(_ changes: [BaseChange]) -> [Action] {
    var visible: [VisibleChange] = []
    visible.reserveCapacity(changes.count)
    let order = inKeyOrder(changes)
    var next = order.startIndex
    while next < order.endIndex {
      let first = changes[order[next]]
      var last = first
      next += 1
      while next < order.endIndex, changes[order[next]].key == first.key {
        last = changes[order[next]]
        next += 1
      }
      if first.old != last.new { visible.append(VisibleChange(key: first.key, record: last.new)) }
    }
    return visible.isEmpty ? [] : [.publish(visible)]
  }

  /// The places of changes by their keys; those of one key as they came.
  private func inKeyOrder(_ changes: [BaseChange]) -> [Int] {
    let keys = changes.map(\.key)
    return keys.indices.sorted { left, right in
      if keys[left] < keys[right] { return true }
      return left < right && keys[left] == keys[right]
    }
  }
}
