package import HoldfastCore
import HoldfastStructures

/// What the cache holds for one key: the stored key-value and what became of decoding it. One reference to hold and copy.
package struct CacheRecord<Content: Sendable>: Sendable {
  let entry: CacheEntry<Content>

  package var keyValue: KeyValue { entry.keyValue }
  /// The decoded value or its decode error; the machine never looks at it.
  package var content: Content { entry.content }

  package init(keyValue: KeyValue, content: Content) {
    entry = CacheEntry(keyValue: keyValue, content: content)
  }

  init(_ entry: CacheEntry<Content>) { self.entry = entry }

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
/// `@unchecked Sendable` as its superclass: all that it adds is constant and `Sendable`.
class CacheEntry<Content: Sendable>: Entry, @unchecked Sendable {
  final let keyValue: KeyValue
  final let content: Content

  init(keyValue: KeyValue, content: Content) {
    (self.keyValue, self.content) = (keyValue, content)
    super.init(keyBytes: keyValue.key.bytes)
  }

  override func duplicate() -> Entry { CacheEntry(keyValue: keyValue, content: content) }

  override final var weight: Int { keyBytes.count + keyValue.value.count }
}

/// A watch event, decoded.
package enum CacheChange<Content: Sendable>: Sendable {
  case put(CacheRecord<Content>)
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
  var record: CacheRecord<Content>? {
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
package enum WriteEffect<Content: Sendable>: Sendable {
  case put(CacheRecord<Content>)
  /// A delete of one key is the range of that key.
  case delete(KeyRange)
}

/// What local readers see of one key from now on.
package struct VisibleChange<Content: Sendable>: Sendable {
  package var key: Key
  /// nil: the key is gone.
  package var record: CacheRecord<Content>?

  package init(key: Key, record: CacheRecord<Content>?) {
    self.key = key
    self.record = record
  }
}
