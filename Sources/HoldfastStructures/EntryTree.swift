/// Entries in key order as a value: a B+tree with the number of entries below each node. Copies share nodes until one of them is
/// changed. It knows nothing of threads, and everything in it is safe; it is not generic, so that it is compiled for what it
/// holds.
@usableFromInline
struct EntryTree: Sendable {
  /// What all keys begin with: digests are of what comes after.
  private var shared: [UInt8] = []
  private var root = Node()

  @usableFromInline
  var count: Int { root.total }

  @usableFromInline
  init() {}

  /// Takes entries in strictly ascending key order.
  @usableFromInline
  init(ascending entries: [Entry]) {
    guard let first = entries.first, let last = entries.last else { return }
    shared = Array(zip(first.keyBytes, last.keyBytes).prefix { $0 == $1 }.map(\.0))
    build(entries)
  }

  /// A key to be looked for. One that does not begin as all others do comes before or after all of them.
  fileprivate struct Target {
    let key: [UInt8]
    let digest: UInt64
    /// Where it is, when it does not begin as the others: negative before all.
    let outside: Int
  }

  private func target(_ key: [UInt8]) -> Target {
    let order = key.withUnsafeBytes { whole in
      shared.withUnsafeBytes {
        Bytes.compare(UnsafeRawBufferPointer(rebasing: whole.prefix($0.count)), $0)
      }
    }
    return Target(key: key, digest: order == 0 ? digest(key) : 0, outside: order)
  }

  private func digest(_ key: [UInt8]) -> UInt64 {
    key.withUnsafeBytes {
      Bytes.digest(UnsafeRawBufferPointer(rebasing: $0.dropFirst(shared.count)))
    }
  }

  // MARK: Reading

  @usableFromInline
  func find(_ key: [UInt8]) -> Entry? {
    let target = target(key)
    if target.outside != 0 { return nil }
    var node = root
    while !node.isLeaf { node = node.children[node.child(target)] }
    let index = node.bound(target)
    return index < node.entries.count && node.order(target, index) == 0 ? node.entries[index] : nil
  }

  /// How many keys are smaller.
  @usableFromInline
  func rank(_ bound: [UInt8]) -> Int {
    let target = target(bound)
    if target.outside != 0 { return target.outside < 0 ? 0 : count }
    var node = root
    var rank = 0
    while !node.isLeaf {
      let index = node.child(target)
      for earlier in 0..<index { rank += node.children[earlier].total }
      node = node.children[index]
    }
    return rank + node.bound(target)
  }

  /// Visits the entries of some ranks in key order until the closure returns false.
  @usableFromInline
  func forEach(_ ranks: Range<Int>, _ body: (Entry) throws -> Bool) rethrows {
    _ = try root.forEach(ranks, body)
  }

  /// The leaf's entries that hold a rank, and the rank of the first of them; nil beyond the last.
  @usableFromInline
  func leaf(_ rank: Int) -> (entries: ContiguousArray<Entry>, first: Int)? {
    guard rank < count else { return nil }
    var (node, first) = (root, 0)
    while !node.isLeaf {
      var index = 0
      while rank - first >= node.children[index].total {
        first += node.children[index].total
        index += 1
      }
      node = node.children[index]
    }
    return (node.entries, first)
  }

  // MARK: Writing

  /// Puts an entry in and returns the one whose place it took.
  @usableFromInline
  mutating func set(_ entry: Entry) -> Entry? {
    widen(to: entry.keyBytes)
    let (old, right) = Node.set(entry, target(entry.keyBytes), in: &root)
    if let right { root = Node(parentOf: [root, right]) }
    return old
  }

  /// Takes a key out and returns what it held.
  @usableFromInline
  mutating func remove(_ key: [UInt8]) -> Entry? {
    let target = target(key)
    // Nothing is copied for a key that is not there.
    guard target.outside == 0, let old = find(key) else { return nil }
    Node.remove(target, from: &root)
    while !root.isLeaf, root.children.count == 1 { root = root.children[0] }
    return old
  }

  /// Makes room for a key that does not begin as the others do. It happens at most once for each byte of a key.
  private mutating func widen(to key: [UInt8]) {
    if root.total == 0 { shared = key }
    guard !key.starts(with: shared) else { return }
    shared = Array(zip(shared, key).prefix { $0 == $1 }.map(\.0))
    var entries: [Entry] = []
    entries.reserveCapacity(count)
    forEach(0..<count) {
      entries.append($0)
      return true
    }
    build(entries)
  }

  private mutating func build(_ entries: [Entry]) {
    var nodes: [Node] = stride(from: 0, to: entries.count, by: Node.filling).map { start in
      let part = entries[start..<min(start + Node.filling, entries.count)]
      return Node(leafOf: ContiguousArray(part), part.map { digest($0.keyBytes) })
    }
    while nodes.count > 1 {
      nodes = stride(from: 0, to: nodes.count, by: Node.filling).map {
        Node(parentOf: nodes[$0..<min($0 + Node.filling, nodes.count)])
      }
    }
    root = nodes.first ?? Node()
  }
}

/// `@unchecked Sendable`: it is changed only after `own`, that is while the tree that changes it has the only reference to it, or when
/// it was just made; nobody else can reach it then. What several trees share is constant.
private final class Node: @unchecked Sendable {
  static let capacity = 64
  static let filling = 48

  /// Of an inner node, those of the first entries of its children.
  var digests: ContiguousArray<UInt64> = []
  var entries: ContiguousArray<Entry> = []
  /// None: it is a leaf.
  var children: ContiguousArray<Node> = []
  var total = 0

  var isLeaf: Bool { children.isEmpty }

  init() {}

  init(leafOf entries: ContiguousArray<Entry>, _ digests: some Sequence<UInt64>) {
    (self.entries, self.digests, total) = (entries, ContiguousArray(digests), entries.count)
  }

  init(parentOf children: some Collection<Node>) {
    self.children = ContiguousArray(children)
    digests = ContiguousArray(children.lazy.map { $0.digests[0] })
    entries = ContiguousArray(children.lazy.map { $0.entries[0] })
    total = children.reduce(0) { $0 + $1.total }
  }

  private init(copying other: Node) {
    (digests, entries, children, total) = (
      other.digests, other.entries, other.children, other.total
    )
  }

  private static func own(_ node: inout Node) {
    if !isKnownUniquelyReferenced(&node) { node = Node(copying: node) }
  }

  // MARK: Reading

  func order(_ target: EntryTree.Target, _ index: Int) -> Int {
    let digest = digests[index]
    if target.digest != digest { return target.digest < digest ? -1 : 1 }
    return target.key.withUnsafeBytes { left in
      entries[index].keyBytes.withUnsafeBytes { Bytes.compare(left, $0) }
    }
  }

  /// The first place whose key is not smaller.
  func bound(_ target: EntryTree.Target) -> Int {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if order(target, middle) > 0 { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The child that holds the key, or would.
  func child(_ target: EntryTree.Target) -> Int {
    var (low, high) = (1, children.count)
    while low < high {
      let middle = (low + high) / 2
      if order(target, middle) >= 0 { low = middle + 1 } else { high = middle }
    }
    return low - 1
  }

  func forEach(_ ranks: Range<Int>, _ body: (Entry) throws -> Bool) rethrows -> Bool {
    let ranks = ranks.clamped(to: 0..<total)
    if ranks.isEmpty { return true }
    if isLeaf {
      for index in ranks where try !body(entries[index]) { return false }
      return true
    }
    var first = 0
    for child in children {
      if first >= ranks.upperBound { return true }
      if ranks.lowerBound < first + child.total {
        let (low, high) = (max(0, ranks.lowerBound - first), ranks.upperBound - first)
        if try !child.forEach(low..<high, body) { return false }
      }
      first += child.total
    }
    return true
  }

  // MARK: Writing

  /// Returns what it replaced, and a node to stand to the right of this one if it was full.
  static func set(_ entry: Entry, _ target: EntryTree.Target, in node: inout Node) -> (
    old: Entry?, right: Node?
  ) {
    own(&node)
    if node.isLeaf {
      let index = node.bound(target)
      if index < node.entries.count, node.order(target, index) == 0 {
        let old = node.entries[index]
        node.entries[index] = entry
        return (old, nil)
      }
      node.entries.insert(entry, at: index)
      node.digests.insert(target.digest, at: index)
      node.total += 1
    } else {
      let index = node.child(target)
      let (old, right) = set(entry, target, in: &node.children[index])
      node.nameFirst(of: index)
      if old != nil { return (old, nil) }
      node.total += 1
      if let right {
        node.children.insert(right, at: index + 1)
        node.digests.insert(right.digests[0], at: index + 1)
        node.entries.insert(right.entries[0], at: index + 1)
      }
    }
    return (nil, node.split())
  }

  static func remove(_ target: EntryTree.Target, from node: inout Node) {
    own(&node)
    node.total -= 1
    if node.isLeaf {
      let index = node.bound(target)
      node.entries.remove(at: index)
      node.digests.remove(at: index)
      return
    }
    let index = node.child(target)
    remove(target, from: &node.children[index])
    if node.children[index].total == 0 { return node.drop(index) }
    node.nameFirst(of: index)
    node.merge(index)
  }

  private func nameFirst(of index: Int) {
    let child = children[index]
    if entries[index] === child.entries[0] { return }
    (digests[index], entries[index]) = (child.digests[0], child.entries[0])
  }

  private func drop(_ index: Int) {
    children.remove(at: index)
    digests.remove(at: index)
    entries.remove(at: index)
  }

  /// The right half of a node that has become too full.
  private func split() -> Node? {
    guard entries.count > Self.capacity else { return nil }
    let kept = Self.capacity / 2
    let right = Node()
    right.entries = ContiguousArray(entries[kept...])
    right.digests = ContiguousArray(digests[kept...])
    entries.removeSubrange(kept...)
    digests.removeSubrange(kept...)
    if isLeaf {
      right.total = right.entries.count
    } else {
      right.children = ContiguousArray(children[kept...])
      children.removeSubrange(kept...)
      right.total = right.children.reduce(0) { $0 + $1.total }
    }
    total -= right.total
    return right
  }

  /// Joins a child that has become small with a neighbour, if both fit in one.
  private func merge(_ index: Int) {
    guard children.count > 1, children[index].entries.count < Self.capacity / 4 else { return }
    let left = max(0, index - 1)
    let right = children[left + 1]
    guard children[left].entries.count + right.entries.count <= Self.filling else { return }
    Self.own(&children[left])
    children[left].digests += right.digests
    children[left].entries += right.entries
    children[left].children += right.children
    children[left].total += right.total
    drop(left + 1)
  }
}
