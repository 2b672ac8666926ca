/// A node of the ordered tree: raw memory, written by one step of the writer and constant once that is published.
///
/// Layout: a header, then `capacity` digests, then as many entries; inner nodes go on with children and with how many entries
/// each child holds. `entries` of an inner node are the first ones of its children.
struct TreeNode {
  static let capacity = 64

  let memory: UnsafeMutableRawPointer

  private struct Header {
    var count: Int32
    var level: Int32
    /// The step that made it, and may still change it.
    var owner: UInt64
    var total: Int
    var unused = 0
  }

  private static let headerSize = 32
  private static let column = capacity * 8
  private static func size(_ level: Int) -> Int { headerSize + column * (level == 0 ? 2 : 4) }

  init(memory: UnsafeMutableRawPointer) { self.memory = memory }

  init(level: Int, owner: UInt64) {
    memory = .allocate(byteCount: Self.size(level), alignment: 16)
    memory.storeBytes(
      of: Header(count: 0, level: Int32(truncatingIfNeeded: level), owner: owner, total: 0), as: Header.self)
  }

  // The memory begins with a header, and each column has room for `capacity` words.
  private var header: UnsafeMutablePointer<Header> { memory.assumingMemoryBound(to: Header.self) }
  var digests: UnsafeMutablePointer<UInt64> { (memory + Self.headerSize).assumingMemoryBound(to: UInt64.self) }
  var entries: UnsafeMutablePointer<Unmanaged<Entry>> {
    (memory + Self.headerSize + Self.column).assumingMemoryBound(to: Unmanaged<Entry>.self)
  }
  var children: UnsafeMutablePointer<TreeNode> {
    (memory + Self.headerSize + Self.column * 2).assumingMemoryBound(to: TreeNode.self)
  }
  var totals: UnsafeMutablePointer<Int> {
    (memory + Self.headerSize + Self.column * 3).assumingMemoryBound(to: Int.self)
  }

  var count: Int {
    get { Int(header.pointee.count) }
    nonmutating set { header.pointee.count = Int32(truncatingIfNeeded: newValue) }
  }
  var level: Int { Int(header.pointee.level) }
  var isLeaf: Bool { header.pointee.level == 0 }
  var owner: UInt64 { header.pointee.owner }
  /// How many entries there are below it.
  var total: Int {
    get { header.pointee.total }
    nonmutating set { header.pointee.total = newValue }
  }

  func copy(owner: UInt64) -> TreeNode {
    let copy = TreeNode(level: level, owner: owner)
    copy.append(self, from: 0)
    return copy
  }

  /// Appends what another node of this level holds from an index on; there must be room.
  func append(_ other: TreeNode, from start: Int) {
    let (moved, end) = (other.count - start, count)
    // Different nodes: they do not overlap, and `end + moved` is at most `capacity`.
    (digests + end).update(from: other.digests + start, count: moved)
    (entries + end).update(from: other.entries + start, count: moved)
    if isLeaf {
      total += moved
    } else {
      (children + end).update(from: other.children + start, count: moved)
      (totals + end).update(from: other.totals + start, count: moved)
      for index in start..<other.count { total += other.totals[index] }
    }
    count = end + moved
  }

  func truncate(to newCount: Int) {
    if isLeaf {
      total = newCount
    } else {
      for index in newCount..<count { total -= totals[index] }
    }
    count = newCount
  }

  func insert(_ entry: Unmanaged<Entry>, _ digest: UInt64, at index: Int) {
    shift(from: index, by: 1)
    (digests[index], entries[index]) = (digest, entry)
    count += 1
    total += 1
  }

  func insert(_ child: TreeNode, at index: Int) {
    shift(from: index, by: 1)
    (digests[index], entries[index]) = (child.digests[0], child.entries[0])
    (children[index], totals[index]) = (child, child.total)
    count += 1
    total += child.total
  }

  func remove(at index: Int) {
    total -= isLeaf ? 1 : totals[index]
    shift(from: index + 1, by: -1)
    count -= 1
  }

  /// Puts a changed child in the place of what it was.
  func replace(_ index: Int, with child: TreeNode) {
    total += child.total - totals[index]
    (digests[index], entries[index]) = (child.digests[0], child.entries[0])
    (children[index], totals[index]) = (child, child.total)
  }

  private func shift(from index: Int, by distance: Int) {
    let moved = count - index
    guard moved > 0 else { return }
    // `update` copes with overlap; one more than `count` still fits, since full nodes are split first.
    (digests + index + distance).update(from: digests + index, count: moved)
    (entries + index + distance).update(from: entries + index, count: moved)
    if !isLeaf {
      (children + index + distance).update(from: children + index, count: moved)
      (totals + index + distance).update(from: totals + index, count: moved)
    }
  }
}
