/// Entries of one class in key order, as a value that is cheap to copy. Safe, as long as nobody but this has the tree.
///
/// What depends on the type is compiled with its callers, the rest is called.
public struct OrderedEntries<Element: Entry>: Sendable {
  @usableFromInline
  var tree: EntryTree

  @inlinable
  public init() { tree = EntryTree() }

  /// Takes entries in strictly ascending key order.
  @inlinable
  public init(ascending entries: [Element]) { tree = EntryTree(ascending: entries) }

  @inlinable
  public var count: Int { tree.count }

  @inlinable
  public subscript(key: [UInt8]) -> Element? { tree.find(key).map { known($0) } }

  /// Puts an entry in and returns the one whose place it took.
  @inlinable
  public mutating func set(_ entry: Element) -> Element? { tree.set(entry).map { known($0) } }

  /// Takes a key out and returns what it held.
  @inlinable
  public mutating func remove(_ key: [UInt8]) -> Element? { tree.remove(key).map { known($0) } }

  /// How many keys are smaller.
  @inlinable
  public func rank(_ bound: [UInt8]) -> Int { tree.rank(bound) }

  /// Visits the entries of some ranks in key order until the closure returns false.
  @inlinable
  public func forEach(_ ranks: Range<Int>, _ body: (Element) throws -> Bool) rethrows {
    try tree.forEach(ranks) { try body(known($0)) }
  }

  public struct Iterator: IteratorProtocol {
    @usableFromInline
    let tree: EntryTree
    @usableFromInline
    var leaf: ContiguousArray<Entry> = []
    @usableFromInline
    var index = 0
    @usableFromInline
    var rank = 0

    @inlinable
    init(_ tree: EntryTree) { self.tree = tree }

    @inlinable
    public mutating func next() -> Element? {
      if index == leaf.count {
        guard let (entries, first) = tree.leaf(rank) else { return nil }
        (leaf, index) = (entries, rank - first)
      }
      defer { (index, rank) = (index + 1, rank + 1) }
      return known(leaf[index])
    }
  }

  @inlinable
  public func makeIterator() -> Iterator { Iterator(tree) }
}
