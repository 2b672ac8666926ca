package import HoldfastCore
import HoldfastStructures

/// Records in key order, as a value that is cheap to copy: what a base and its snapshots are.
package struct RecordMap: Sendable {
  package typealias Element = (key: Key, value: CacheRecord)

  private var entries = OrderedEntries<CacheEntry>()

  package init() {}

  /// Takes records in strictly ascending key order; others are put where they belong, the last of equals wins.
  package init(_ records: some Sequence<CacheRecord>) {
    let all = records.map(\.entry)
    if zip(all, all.dropFirst()).allSatisfy({ Key(bytes: $0.keyBytes) < Key(bytes: $1.keyBytes) }) {
      entries = OrderedEntries(ascending: all)
    } else {
      for entry in all { _ = entries.set(entry) }
    }
  }

  package init(_ elements: some Sequence<Element>) { self.init(elements.map(\.value)) }

  package var count: Int { entries.count }
  package var isEmpty: Bool { count == 0 }

  package subscript(key: Key) -> CacheRecord? {
    get { entries[key.bytes].map(CacheRecord.init) }
    set {
      if let newValue { updateValue(newValue, forKey: key) } else { removeValue(forKey: key) }
    }
  }

  /// Whether this is what is held under its key.
  package func holds(_ keyValue: KeyValue) -> Bool { self[keyValue.key]?.isHeld(as: keyValue) == true }

  /// Stores a record under its key and returns the one it replaced.
  @discardableResult
  package mutating func updateValue(_ record: CacheRecord, forKey key: Key) -> CacheRecord? {
    assert(record.key == key, "a record is under its own key")
    return entries.set(record.entry).map(CacheRecord.init)
  }

  /// Removes the key and returns what it held.
  @discardableResult
  package mutating func removeValue(forKey key: Key) -> CacheRecord? {
    entries.remove(key.bytes).map(CacheRecord.init)
  }

  /// Visits the elements of a range in key order until the closure returns false.
  package func forEach(in range: KeyRange, _ body: (Element) throws -> Bool) rethrows {
    try entries.forEach(ranks(range)) { try body(CacheRecord($0).element) }
  }

  /// The records of a range, in key order.
  package func records(in range: KeyRange) -> [CacheRecord] {
    let ranks = ranks(range)
    var records: [CacheRecord] = []
    records.reserveCapacity(ranks.count)
    entries.forEach(ranks) {
      records.append(CacheRecord($0))
      return true
    }
    return records
  }

  /// The values of a range, as far as they are kept, and the rest, in key order.
  func values(in range: KeyRange) -> RangeValues {
    let ranks = ranks(range)
    var values = RangeValues(capacity: ranks.count)
    entries.forEach(ranks) {
      values.append($0)
      return true
    }
    return values
  }

  /// The elements of a range, in key order.
  package func elements(in range: KeyRange) -> [Element] {
    records(in: range).map(\.element)
  }

  /// How many keys of the range there are.
  package func count(in range: KeyRange) -> Int { ranks(range).count }

  private func ranks(_ range: KeyRange) -> Range<Int> {
    let start = entries.rank(range.start.bytes)
    return start..<Swift.max(start, range.end.map { entries.rank($0.bytes) } ?? count)
  }
}

extension RecordMap: Sequence {
  package struct Iterator: IteratorProtocol {
    fileprivate var entries: OrderedEntries<CacheEntry>.Iterator

    package mutating func next() -> Element? {
      entries.next().map { CacheRecord($0).element }
    }
  }

  package func makeIterator() -> Iterator { Iterator(entries: entries.makeIterator()) }
}

extension CacheRecord {
  fileprivate var element: RecordMap.Element { (key, self) }
}
