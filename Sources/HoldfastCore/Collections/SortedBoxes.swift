/// Where a ``SortedMap`` keeps one value. What holds boxes need not know the values' type, and so is compiled for none in
/// particular: code that is generic over a user's values would move and copy each of them through tables.
class Box {}

/// Keys in order, each with a box: sorted chunks in a sorted list of chunks. Look-up, insertion and removal touch one chunk, a
/// scan walks arrays. Copies share chunks until one of them is changed.
struct SortedBoxes {
  typealias Element = (key: Key, box: Box)

  /// Where a key is, or would be inserted.
  struct Position {
    var chunk: Int
    var index: Int
    var isFound: Bool
  }

  /// None of them is empty; the keys of each are smaller than those of the next.
  private(set) var chunks: [[Element]] = []
  /// Of each chunk the first key, so that a search touches no other chunk than the one it ends in.
  private var firsts: [Key] = []
  /// How many keys there are before each chunk.
  private var offsets: [Int] = []
  private(set) var count = 0

  private static var maximumChunk: Int { 256 }

  /// Where the key is or would be inserted; nil when there are none.
  func find(_ key: Key) -> Position? {
    guard !chunks.isEmpty else { return nil }
    // The last chunk whose first key is not greater.
    var (low, high) = (0, firsts.count)
    while low < high {
      let middle = (low + high) / 2
      if firsts[middle] <= key { low = middle + 1 } else { high = middle }
    }
    let chunk = Swift.max(0, low - 1)
    var (lower, upper) = (0, chunks[chunk].count)
    while lower < upper {
      let middle = (lower + upper) / 2
      if chunks[chunk][middle].key < key { lower = middle + 1 } else { upper = middle }
    }
    let isFound = lower < chunks[chunk].count && chunks[chunk][lower].key == key
    return Position(chunk: chunk, index: lower, isFound: isFound)
  }

  subscript(position: Position) -> Box {
    get { chunks[position.chunk][position.index].box }
    _modify { yield &chunks[position.chunk][position.index].box }
  }

  /// Puts a new key behind all others, which it must be greater than.
  mutating func append(_ key: Key, _ box: Box) {
    if let size = chunks.last?.count, size < Self.maximumChunk / 2 {
      chunks[chunks.count - 1].append((key, box))
    } else {
      chunks.append([(key, box)])
      firsts.append(key)
      offsets.append(count)
    }
    count += 1
  }

  /// - Parameter position: Where `find` did not find the key; nil when there are none.
  mutating func insert(_ key: Key, _ box: Box, at position: Position?) {
    guard let position else { return append(key, box) }
    chunks[position.chunk].insert((key, box), at: position.index)
    if position.index == 0 { firsts[position.chunk] = key }
    shift(position.chunk, by: 1)
    if chunks[position.chunk].count > Self.maximumChunk { split(position.chunk) }
  }

  mutating func remove(at position: Position) -> Box {
    let old = chunks[position.chunk].remove(at: position.index).box
    shift(position.chunk, by: -1)
    if let first = chunks[position.chunk].first?.key {
      if position.index == 0 { firsts[position.chunk] = first }
    } else {
      chunks.remove(at: position.chunk)
      firsts.remove(at: position.chunk)
      offsets.remove(at: position.chunk)
    }
    return old
  }

  /// Visits a range in key order until the closure returns false.
  func forEach(in range: KeyRange, _ body: (Element) throws -> Bool) rethrows {
    guard !range.isEmpty, let start = find(range.start) else { return }
    var index = start.index
    for chunk in chunks[start.chunk...] {
      // Looked for once a chunk, not compared with every key.
      var end = chunk.count
      if let bound = range.end, let last = chunk.last, last.key >= bound {
        var low = index
        while low < end {
          let middle = (low + end) / 2
          if chunk[middle].key < bound { low = middle + 1 } else { end = middle }
        }
        end = low
      }
      while index < end {
        if try !body(chunk[index]) { return }
        index += 1
      }
      if end < chunk.count { return }
      index = 0
    }
  }

  func count(in range: KeyRange) -> Int {
    guard !range.isEmpty, let start = find(range.start) else { return 0 }
    return (range.end.flatMap(find).map(rank) ?? count) - rank(of: start)
  }

  private func rank(of position: Position) -> Int { offsets[position.chunk] + position.index }

  private mutating func shift(_ chunk: Int, by change: Int) {
    count += change
    for later in (chunk + 1)..<max(chunk + 1, offsets.count) { offsets[later] += change }
  }

  private mutating func split(_ index: Int) {
    let half = chunks[index].count / 2
    let tail = Array(chunks[index][half...])
    chunks[index].removeSubrange(half...)
    chunks.insert(tail, at: index + 1)
    firsts.insert(tail[0].key, at: index + 1)
    offsets.insert(offsets[index] + half, at: index + 1)
  }
}
