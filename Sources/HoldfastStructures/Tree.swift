/// Keys in order, with the number of entries below every node. Copy-on-write: a step copies the nodes on its way and changes
/// only copies of its own, so a root that was published never changes, and a reader in an epoch may walk it.
struct Tree {
  private(set) var root: TreeNode?
  /// The length of the prefix that all keys share.
  let skip: Int

  var count: Int { root?.total ?? 0 }

  /// A key to be looked for, without the shared prefix.
  struct Target {
    let bytes: UnsafeRawBufferPointer
    let digest: UInt64

    init(_ bytes: UnsafeRawBufferPointer) { (self.bytes, digest) = (bytes, Bytes.digest(bytes)) }
  }

  // MARK: Reading

  /// How many keys are smaller.
  func rank(_ target: Target) -> Int {
    guard var node = root else { return 0 }
    var rank = 0
    while !node.isLeaf {
      let index = child(target, in: node)
      for earlier in 0..<index { rank += node.totals[earlier] }
      node = node.children[index]
    }
    return rank + bound(target, in: node)
  }

  func find(_ target: Target) -> Unmanaged<Entry>? {
    guard var node = root else { return nil }
    while !node.isLeaf { node = node.children[child(target, in: node)] }
    let index = bound(target, in: node)
    guard index < node.count, compare(target, node, index) == 0 else { return nil }
    return node.entries[index]
  }

  /// Visits so many entries from one on, in key order, until the closure returns false.
  @inline(__always)
  func forEach(from start: Int, count: Int, _ body: (Unmanaged<Entry>) throws -> Bool) rethrows {
    try forEachPart(from: start, count: count) { part in
      for entry in part where try !body(entry) { return false }
      return true
    }
  }

  /// The same, by what lies side by side in memory.
  @inline(__always)
  func forEachPart(
    from start: Int, count: Int, _ body: (UnsafeBufferPointer<Unmanaged<Entry>>) throws -> Bool
  ) rethrows {
    var (position, left) = (start, count)
    while left > 0, let (leaf, first) = leaf(position) {
      let end = min(leaf.count, first + left)
      // Inside the leaf.
      guard try body(UnsafeBufferPointer(start: leaf.entries + first, count: end - first)) else { return }
      position += end - first
      left -= end - first
    }
  }

  /// The leaf that holds the entry of that rank, and where in it.
  private func leaf(_ rank: Int) -> (TreeNode, Int)? {
    guard var node = root, rank < node.total else { return nil }
    var rank = rank
    while !node.isLeaf {
      var index = 0
      while rank >= node.totals[index] {
        rank -= node.totals[index]
        index += 1
      }
      node = node.children[index]
    }
    return (node, rank)
  }

  /// The sign says whether the target comes before or after the entry.
  @inline(__always)
  private func compare(_ target: Target, _ node: TreeNode, _ index: Int) -> Int {
    let digest = node.digests[index]
    if target.digest != digest { return target.digest < digest ? -1 : 1 }
    // Entries of a tree live as long as it may be read.
    return node.entries[index]._withUnsafeGuaranteedRef { entry in
      entry.withKey(after: skip) { Bytes.compare(target.bytes, $0) }
    }
  }

  /// The first place whose key is not smaller.
  @inline(__always)
  private func bound(_ target: Target, in node: TreeNode) -> Int {
    var (low, high) = (0, node.count)
    while low < high {
      let middle = (low + high) / 2
      if compare(target, node, middle) > 0 { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The child that holds the key, or would.
  @inline(__always)
  private func child(_ target: Target, in node: TreeNode) -> Int {
    var (low, high) = (1, node.count)
    while low < high {
      let middle = (low + high) / 2
      if compare(target, node, middle) >= 0 { low = middle + 1 } else { high = middle }
    }
    return low - 1
  }

  // MARK: Writing

  /// One step of the writer: nodes that it made it may change, others it copies and retires.
  struct Step {
    let owner: UInt64
    var retired: [TreeNode] = []

    /// A node that this step may change.
    mutating func own(_ node: TreeNode) -> TreeNode {
      if node.owner == owner { return node }
      retired.append(node)
      return node.copy(owner: owner)
    }

    mutating func discard(_ node: TreeNode) {
      // Nobody else has ever seen a node of this step.
      if node.owner == owner { node.memory.deallocate() } else { retired.append(node) }
    }
  }

  /// Puts an entry in, in the place of one with the same key if there is one.
  mutating func set(_ entry: Unmanaged<Entry>, _ target: Target, _ step: inout Step) {
    guard let root else {
      let leaf = TreeNode(level: 0, owner: step.owner)
      leaf.insert(entry, target.digest, at: 0)
      self.root = leaf
      return
    }
    let (left, right) = set(entry, target, in: root, &step)
    self.root = left
    if let right {
      let parent = TreeNode(level: left.level + 1, owner: step.owner)
      parent.insert(left, at: 0)
      parent.insert(right, at: 1)
      self.root = parent
    }
  }

  private func set(
    _ entry: Unmanaged<Entry>, _ target: Target, in node: TreeNode, _ step: inout Step
  ) -> (TreeNode, TreeNode?) {
    let node = step.own(node)
    if node.isLeaf {
      let index = bound(target, in: node)
      if index < node.count, compare(target, node, index) == 0 {
        node.entries[index] = entry
        return (node, nil)
      }
      let (place, right) = makeRoom(in: node, at: index, step)
      place.node.insert(entry, target.digest, at: place.index)
      return (node, right)
    }
    let index = child(target, in: node)
    let (left, split) = set(entry, target, in: node.children[index], &step)
    node.replace(index, with: left)
    guard let split else { return (node, nil) }
    let (place, right) = makeRoom(in: node, at: index + 1, step)
    place.node.insert(split, at: place.index)
    return (node, right)
  }

  /// Splits a node that is full. At its end nothing is moved, so that keys which come in order fill the nodes.
  private func makeRoom(
    in node: TreeNode, at index: Int, _ step: Step
  ) -> (place: (node: TreeNode, index: Int), right: TreeNode?) {
    guard node.count == TreeNode.capacity else { return ((node, index), nil) }
    let right = TreeNode(level: node.level, owner: step.owner)
    let kept = index == node.count ? node.count : TreeNode.capacity / 2
    right.append(node, from: kept)
    node.truncate(to: kept)
    return (index > kept || index == TreeNode.capacity ? (right, index - kept) : (node, index), right)
  }

  /// Takes a key out, which must be there.
  mutating func remove(_ target: Target, _ step: inout Step) {
    guard let root else { return }
    var top = remove(target, from: root, &step)
    while let node = top, !node.isLeaf, node.count == 1 {
      top = node.children[0]
      step.discard(node)
    }
    self.root = top
  }

  private func remove(_ target: Target, from node: TreeNode, _ step: inout Step) -> TreeNode? {
    let node = step.own(node)
    let index: Int
    if node.isLeaf {
      index = bound(target, in: node)
      guard index < node.count, compare(target, node, index) == 0 else { return node }
      node.remove(at: index)
    } else {
      index = child(target, in: node)
      if let child = remove(target, from: node.children[index], &step) {
        node.replace(index, with: child)
        merge(index, in: node, &step)
      } else {
        node.remove(at: index)
      }
    }
    if node.count > 0 { return node }
    step.discard(node)
    return nil
  }

  /// Joins a child that has become small with a neighbour, if both fit in one.
  private func merge(_ index: Int, in node: TreeNode, _ step: inout Step) {
    guard node.children[index].count < TreeNode.capacity / 4, node.count > 1 else { return }
    let left = index > 0 ? index - 1 : 0
    let right = node.children[left + 1]
    guard node.children[left].count + right.count <= TreeNode.capacity * 3 / 4 else { return }
    let joined = step.own(node.children[left])
    joined.append(right, from: 0)
    step.discard(right)
    node.remove(at: left + 1)
    node.replace(left, with: joined)
  }

  /// Every node, for who takes the tree down.
  func forEachNode(_ body: (TreeNode) -> Void) {
    func visit(_ node: TreeNode) {
      if !node.isLeaf { for index in 0..<node.count { visit(node.children[index]) } }
      body(node)
    }
    if let root { visit(root) }
  }
}
