package import HoldfastCore
import HoldfastStructures

/// What the cache holds for one key: the stored key-value and what became of decoding it. One reference to hold and copy.
///
/// It says nothing of the type of the values, and so nothing of what works on records is generic: the compiler can make of it
/// what it would of code that is written for one type.
package struct CacheRecord: Sendable {
  let entry: CacheEntry

  package var keyValue: KeyValue { entry.keyValue }

  /// - Parameter outcome: What came of decoding the value, if somebody has tried.
  package init(keyValue: KeyValue, outcome: DecodingOutcome? = nil) {
    entry = CacheEntry(keyValue: keyValue, outcome: outcome)
  }

  init(_ entry: CacheEntry) { self.entry = entry }

  /// Whether they say different things of the store; what came of decoding them follows from that.
  static func differ(_ left: CacheRecord?, _ right: CacheRecord?) -> Bool {
    guard let left, let right else { return (left == nil) != (right == nil) }
    if left.entry === right.entry { return false }
    // Told apart without a look at the values, as a rule.
    return left.entry.keyValue.modRevision != right.entry.keyValue.modRevision || left.keyValue != right.keyValue
  }

  /// Whether both are one in memory.
  package func isIdentical(to other: CacheRecord) -> Bool { entry === other.entry }

  /// Whether it says the same of the store; what came of decoding it follows from that.
  package func holdsTheSame(as other: CacheRecord) -> Bool { !Self.differ(self, other) }
}

/// A record, in the form in which an index for readers holds it.
///
/// `@unchecked Sendable` as its superclass: what it adds is constant and `Sendable`, or set once, atomically.
final class CacheEntry: Entry, @unchecked Sendable {
  /// What came of decoding the value; nothing as long as nobody has tried, or when it is not kept. The machine never looks at it.
  /// First, to be in the cache line of what a look-up compares.
  let outcome = OnceReference<DecodingOutcome>()
  let keyValue: KeyValue

  init(keyValue: KeyValue, outcome: DecodingOutcome? = nil) {
    self.keyValue = keyValue
    super.init(keyBytes: keyValue.key.bytes)
    if let outcome { self.outcome.set(outcome) }
  }

  override func duplicate() -> Entry {
    CacheEntry(keyValue: keyValue, outcome: outcome.withObject { $0 })
  }

  override var weight: Int { keyBytes.count + keyValue.value.count }
}

/// A watch event, decoded.
package enum CacheChange: Sendable {
  case put(CacheRecord)
  case delete(Key, Revision)

  package var key: Key {
    switch self {
    case .put(let record): record.keyValue.key
    case .delete(let key, _): key
    }
  }

  package var revision: Revision {
    switch self {
    case .put(let record): record.keyValue.modRevision
    case .delete(_, let revision): revision
    }
  }

  /// What the key holds after it.
  var record: CacheRecord? {
    switch self {
    case .put(let record): record
    case .delete: nil
    }
  }
}

/// What a cache knew when a write was sent.
package struct WriteMark: Hashable, Sendable {
  /// How often the store had gone back.
  package var epoch: Int
  /// The highest revision that the store was known to have had.
  package var known: Revision?

  package init(epoch: Int, known: Revision?) {
    self.epoch = epoch
    self.known = known
  }
}

/// One part of an acknowledged write of this process.
package enum WriteEffect: Sendable {
  case put(CacheRecord)
  /// A delete of one key is the range of that key.
  case delete(KeyRange)
}

/// What local readers see of one key from now on.
package struct VisibleChange: Sendable {
  package var key: Key
  /// nil: the key is gone.
  package var record: CacheRecord?

  package init(key: Key, record: CacheRecord?) {
    self.key = key
    self.record = record
  }
}
