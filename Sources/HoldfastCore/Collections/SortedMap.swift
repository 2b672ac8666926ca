/// A dictionary in key order. Copies share what they hold until one of them is changed, and then all but the part that is.
package struct SortedMap<Value> {
  package typealias Element = (key: Key, value: Value)

  private final class ValueBox: Box {
    var value: Value

    init(_ value: Value) { self.value = value }
  }

  /// Its boxes are all of this map's own kind: it is private, and nothing else is ever put in.
  private var boxes = SortedBoxes()

  package init() {}

  /// Takes elements that are in strictly ascending key order; others are put where they belong, the last of equals wins.
  package init(_ elements: some Sequence<Element>) {
    var last: Key?
    for element in elements {
      if let last, last >= element.key {
        self[element.key] = element.value
      } else {
        boxes.append(element.key, ValueBox(element.value))
        last = element.key
      }
    }
  }

  package var count: Int { boxes.count }

  package var isEmpty: Bool { boxes.count == 0 }

  package subscript(key: Key) -> Value? {
    get {
      guard let position = boxes.find(key), position.isFound else { return nil }
      return Self.value(boxes[position])
    }
    set {
      if let newValue { _ = updateValue(newValue, forKey: key) } else { _ = removeValue(forKey: key) }
    }
  }

  /// Stores the value and returns the one it replaced.
  @discardableResult
  package mutating func updateValue(_ value: Value, forKey key: Key) -> Value? {
    let position = boxes.find(key)
    guard let position, position.isFound else {
      boxes.insert(key, ValueBox(value), at: position)
      return nil
    }
    let old = Self.value(boxes[position])
    boxes[position] = ValueBox(value)
    return old
  }

  /// Removes the key and returns what it held.
  @discardableResult
  package mutating func removeValue(forKey key: Key) -> Value? {
    guard let position = boxes.find(key), position.isFound else { return nil }
    return Self.value(boxes.remove(at: position))
  }

  /// Changes the value of a key where it lies, so that a value that holds an array is not copied; an absent key gets the
  /// default first.
  package mutating func withValue<R>(of key: Key, default value: @autoclosure () -> Value, _ body: (inout Value) -> R)
    -> R
  {
    let position = boxes.find(key)
    guard let position, position.isFound else {
      let box = ValueBox(value())
      let result = body(&box.value)
      boxes.insert(key, box, at: position)
      return result
    }
    // A box that another copy of the map holds is not this one's to change.
    if !isKnownUniquelyReferenced(&boxes[position]) { boxes[position] = ValueBox(Self.value(boxes[position])) }
    return body(&unsafeDowncast(boxes[position], to: ValueBox.self).value)
  }

  /// Visits the elements of a range in key order until the closure returns false.
  package func forEach(in range: KeyRange, _ body: (Element) throws -> Bool) rethrows {
    try boxes.forEach(in: range) { try body(($0.key, Self.value($0.box))) }
  }

  /// The elements of a range, in key order.
  package func elements(in range: KeyRange) -> [Element] {
    var result: [Element] = []
    result.reserveCapacity(boxes.count(in: range))
    forEach(in: range) {
      result.append($0)
      return true
    }
    return result
  }

  /// How many keys of the range there are.
  package func count(in range: KeyRange) -> Int { boxes.count(in: range) }

  private static func value(_ box: Box) -> Value { unsafeDowncast(box, to: ValueBox.self).value }
}

extension SortedMap: Sequence {
  package struct Iterator: IteratorProtocol {
    private var boxes: FlattenSequence<[[SortedBoxes.Element]]>.Iterator

    fileprivate init(_ boxes: SortedBoxes) { self.boxes = boxes.chunks.joined().makeIterator() }

    package mutating func next() -> Element? { boxes.next().map { ($0.key, SortedMap.value($0.box)) } }
  }

  package func makeIterator() -> Iterator { Iterator(boxes) }
}

/// `@unchecked`: boxes are classes, but as good as values. One is changed only in `withValue`, and only when this map holds it alone:
/// access to it has first copied a chunk that another map or an iterator shares, so that a box which any other thread can reach is
/// referenced twice, and replaced. The values themselves are Sendable.
extension SortedMap: @unchecked Sendable where Value: Sendable {}
