/// Entries of one class in key order, as a value that is cheap to copy. Safe, as long as nobody but this has the tree.
package struct OrderedEntries<Element: Entry>: Sendable {
  private var tree: EntryTree

  package init() { tree = EntryTree() }

  /// Takes entries in strictly ascending key order.
  package init(ascending entries: [Element]) { tree = EntryTree(ascending: entries) }

  package var count: Int { tree.count }

  package subscript(key: [UInt8]) -> Element? { tree.find(key).map(Self.element) }

  /// Puts an entry in and returns the one whose place it took.
  package mutating func set(_ entry: Element) -> Element? { tree.set(entry).map(Self.element) }

  /// Takes a key out and returns what it held.
  package mutating func remove(_ key: [UInt8]) -> Element? { tree.remove(key).map(Self.element) }

  /// How many keys are smaller.
  package func rank(_ bound: [UInt8]) -> Int { tree.rank(bound) }

  /// Visits the entries of some ranks in key order until the closure returns false.
  package func forEach(_ ranks: Range<Int>, _ body: (Element) throws -> Bool) rethrows {
    try tree.forEach(ranks) { try body(Self.element($0)) }
  }

  /// Only elements are put in.
  fileprivate static func element(_ entry: Entry) -> Element {
    unsafeDowncast(entry, to: Element.self)
  }

  package struct Iterator: IteratorProtocol {
    fileprivate let tree: EntryTree
    private var leaf: ContiguousArray<Entry> = []
    private var index = 0
    private var rank = 0

    fileprivate init(_ tree: EntryTree) { self.tree = tree }

    package mutating func next() -> Element? {
      if index == leaf.count {
        guard let (entries, first) = tree.leaf(rank) else { return nil }
        (leaf, index) = (entries, rank - first)
      }
      defer { (index, rank) = (index + 1, rank + 1) }
      return OrderedEntries.element(leaf[index])
    }
  }

  package func makeIterator() -> Iterator { Iterator(tree) }
}
