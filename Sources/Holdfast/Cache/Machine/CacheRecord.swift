package import HoldfastCore
import HoldfastStructures

/// What the cache holds for one key: what identifies the stored key-value, and what became of decoding it. One reference to hold
/// and copy. The bytes of the value are kept only where somebody asks for that.
///
/// It says nothing of the type of the values, and so nothing of what works on records is generic: the compiler can make of it
/// what it would of code that is written for one type.
package struct CacheRecord: Sendable {
  let entry: CacheEntry

  /// - Parameters:
  ///   - outcome: What came of decoding the value, if somebody has tried.
  ///   - keepsBytes: Whether the bytes of the value are needed later: to decode it then, or to be looked at.
  package init(keyValue: KeyValue, outcome: DecodingOutcome? = nil, keepsBytes: Bool = true) {
    entry =
      keepsBytes ? BytesEntry(keyValue: keyValue, outcome: outcome) : CacheEntry(keyValue: keyValue, outcome: outcome)
  }

  init(_ entry: CacheEntry) { self.entry = entry }

  package var key: Key { Key(bytes: entry.keyBytes) }
  package var modRevision: Revision { entry.identity.modRevision }
  package var createRevision: Revision { entry.identity.createRevision }
  /// How many bytes the value has in the store.
  package var valueSize: Int { entry.identity.size }

  /// How many of them a limit of memory counts: nothing is held of what the cache leaves out.
  var heldSize: Int { isLeftOut ? 0 : valueSize }

  var keepsBytes: Bool { entry.keepsBytes }

  /// Whether nothing is held of the value, because the cache leaves its key out (``CacheConfiguration/keyFilter``).
  var isLeftOut: Bool { entry.isLeftOut }

  /// The key-value, with its bytes if they are kept; nil if they are not.
  package var keyValue: KeyValue? {
    entry.bytes.map {
      KeyValue(
        key: key, value: $0, createRevision: createRevision, modRevision: modRevision, version: entry.identity.version,
        lease: entry.identity.lease)
    }
  }

  /// Whether both are one in memory.
  package func isIdentical(to other: CacheRecord) -> Bool { entry === other.entry }

  /// Whether the store, which answers this, holds the same.
  package func isHeld(as keyValue: KeyValue) -> Bool {
    modRevision == keyValue.modRevision && entry.keyBytes == keyValue.key.bytes
      && entry.identity == RecordIdentity(of: keyValue)
  }
}

extension CacheRecord: Equatable {
  /// Whether they say the same of the store; what came of decoding them follows from that.
  package static func == (left: CacheRecord, right: CacheRecord) -> Bool {
    if left.entry === right.entry { return true }
    return left.entry.identity == right.entry.identity && left.entry.keyBytes == right.entry.keyBytes
  }
}

/// A watch event, decoded.
package enum CacheChange: Sendable {
  case put(CacheRecord)
  case delete(Key, Revision)

  package var key: Key {
    switch self {
    case .put(let record): record.key
    case .delete(let key, _): key
    }
  }

  package var revision: Revision {
    switch self {
    case .put(let record): record.modRevision
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
