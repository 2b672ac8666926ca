/// A dictionary in key order: sorted chunks in a sorted list of chunks. Look-up, insertion and removal touch one chunk, a
/// scan walks arrays. Copies share chunks until one of them is changed.
package struct SortedMap<Value> {
  package typealias Element = (key: Key, value: Value)

  /// None of them is empty; the keys of each are smaller than those of the next.
  private var chunks: [[Element]] = []
  package private(set) var count = 0

  private static var maximumChunk: Int { 256 }

  package init() {}

  /// Takes elements that are in strictly ascending key order; others are put where they belong, the last of equals wins.
  package init(_ elements: some Sequence<Element>) {
    for element in elements {
      if let last = chunks.last?.last, last.key >= element.key {
        self[element.key] = element.value
        continue
      }
      if let size = chunks.last?.count, size < Self.maximumChunk / 2 {
        chunks[chunks.count - 1].append(element)
      } else {
        chunks.append([element])
      }
      count += 1
    }
  }

  package var isEmpty: Bool { count == 0 }

  package subscript(key: Key) -> Value? {
    get {
      guard let position = find(key), position.isFound else { return nil }
      return chunks[position.chunk][position.index].value
    }
    set {
      if let newValue { _ = updateValue(newValue, forKey: key) } else { _ = removeValue(forKey: key) }
    }
  }

  /// Stores the value and returns the one it replaced.
  @discardableResult
  package mutating func updateValue(_ value: Value, forKey key: Key) -> Value? {
    guard let position = find(key) else {
      chunks = [[(key, value)]]
      count = 1
      return nil
    }
    if position.isFound {
      let old = chunks[position.chunk][position.index].value
      chunks[position.chunk][position.index].value = value
      return old
    }
    chunks[position.chunk].insert((key, value), at: position.index)
    count += 1
    if chunks[position.chunk].count > Self.maximumChunk { split(position.chunk) }
    return nil
  }

  /// Removes the key and returns what it held.
  @discardableResult
  package mutating func removeValue(forKey key: Key) -> Value? {
    guard let position = find(key), position.isFound else { return nil }
    let old = chunks[position.chunk].remove(at: position.index).value
    count -= 1
    if chunks[position.chunk].isEmpty { chunks.remove(at: position.chunk) }
    return old
  }

  /// Changes the value of a key in place; what the closure leaves nil is removed.
  package mutating func modify<R>(_ key: Key, _ body: (inout Value?) -> R) -> R {
    guard let position = find(key), position.isFound else {
      var value: Value?
      let result = body(&value)
      if let value { updateValue(value, forKey: key) }
      return result
    }
    // Taken out while the closure holds it would cost a copy of the chunk's rest; a swap of one element does not.
    var value: Value? = chunks[position.chunk][position.index].value
    let result = body(&value)
    if let value {
      chunks[position.chunk][position.index].value = value
    } else {
      removeValue(forKey: key)
    }
    return result
  }

  /// Changes the value of a key where it lies, so that a value that holds an array is not copied; an absent key gets the
  /// default first.
  package mutating func withValue<R>(of key: Key, default value: @autoclosure () -> Value, _ body: (inout Value) -> R)
    -> R
  {
    if let position = find(key), position.isFound { return body(&chunks[position.chunk][position.index].value) }
    var value = value()
    let result = body(&value)
    updateValue(value, forKey: key)
    return result
  }

  /// Visits the elements of a range in key order until the closure returns false.
  package func forEach(in range: KeyRange, _ body: (Element) throws -> Bool) rethrows {
    guard !range.isEmpty, let start = find(range.start) else { return }
    var index = start.index
    for chunk in chunks[start.chunk...] {
      while index < chunk.count {
        if let end = range.end, chunk[index].key >= end { return }
        if try !body(chunk[index]) { return }
        index += 1
      }
      index = 0
    }
  }

  /// The elements of a range, in key order.
  package func elements(in range: KeyRange) -> [Element] {
    var result: [Element] = []
    forEach(in: range) {
      result.append($0)
      return true
    }
    return result
  }

  /// How many keys of the range there are.
  package func count(in range: KeyRange) -> Int {
    guard !range.isEmpty, let start = find(range.start) else { return 0 }
    let end = range.end.flatMap(find).map(rank) ?? count
    return end - rank(of: start)
  }

  private struct Position {
    var chunk: Int
    var index: Int
    var isFound: Bool
  }

  private func rank(of position: Position) -> Int {
    chunks[..<position.chunk].reduce(0) { $0 + $1.count } + position.index
  }

  /// Where the key is or would be inserted; nil when the map is empty.
  private func find(_ key: Key) -> Position? {
    guard !chunks.isEmpty else { return nil }
    // The last chunk whose first key is not greater.
    var low = 0
    var high = chunks.count
    while low < high {
      let middle = (low + high) / 2
      if chunks[middle][0].key <= key { low = middle + 1 } else { high = middle }
    }
    let chunk = Swift.max(0, low - 1)
    var lower = 0
    var upper = chunks[chunk].count
    while lower < upper {
      let middle = (lower + upper) / 2
      if chunks[chunk][middle].key < key { lower = middle + 1 } else { upper = middle }
    }
    let isFound = lower < chunks[chunk].count && chunks[chunk][lower].key == key
    return Position(chunk: chunk, index: lower, isFound: isFound)
  }

  private mutating func split(_ index: Int) {
    let half = chunks[index].count / 2
    let tail = Array(chunks[index][half...])
    chunks[index].removeSubrange(half...)
    chunks.insert(tail, at: index + 1)
  }
}

extension SortedMap: Sequence {
  package func makeIterator() -> FlattenSequence<[[Element]]>.Iterator { chunks.joined().makeIterator() }
}

extension SortedMap: Sendable where Value: Sendable {}
