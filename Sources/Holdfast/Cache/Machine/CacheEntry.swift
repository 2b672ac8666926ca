import HoldfastCore
import HoldfastStructures

/// All that a store says of a key at one revision, in fixed size. Two that are equal, of one key, are of the same bytes:
/// ``BytesDigest`` tells why. The revision alone would not do, since a restored store counts revisions that it has had before.
struct RecordIdentity: Hashable, Sendable {
  // What tells records apart as a rule comes first.
  let modRevision: Revision
  let createRevision: Revision
  let version: Int64
  let lease: LeaseID?
  private let count: UInt32
  private let digest: BytesDigest

  init(of keyValue: KeyValue) {
    (modRevision, createRevision) = (keyValue.modRevision, keyValue.createRevision)
    (version, lease) = (keyValue.version, keyValue.lease)
    // A message of gRPC, and so a value, is shorter than that.
    count = UInt32(clamping: keyValue.value.count)
    digest = BytesDigest(keyValue.value)
  }

  /// How many bytes the value has.
  var size: Int { Int(count) }
}

/// A record, in the form in which an index for readers holds it.
///
/// `@unchecked Sendable` as its superclass: what it adds is constant and `Sendable`, or set once, atomically.
class CacheEntry: Entry, @unchecked Sendable {
  /// What came of decoding the value; nothing as long as nobody has tried, or when it is not kept. The machine never looks at it.
  /// First, to be in the cache line of what a look-up compares.
  final let outcome = OnceReference<DecodingOutcome>()
  final let identity: RecordIdentity

  init(keyValue: KeyValue, outcome: DecodingOutcome? = nil) {
    identity = RecordIdentity(of: keyValue)
    super.init(keyBytes: keyValue.key.bytes)
    if let outcome { self.outcome.set(outcome) }
  }

  fileprivate init(again entry: CacheEntry) {
    identity = entry.identity
    super.init(keyBytes: entry.keyBytes)
    if let outcome = entry.outcome.withObject({ $0 }) { self.outcome.set(outcome) }
  }

  /// The bytes of the value, if they are kept.
  var bytes: [UInt8]? { nil }

  /// Whether there is neither the value nor what it could be decoded from.
  final var isLeftOut: Bool { outcome.unretained == nil && !keepsBytes }

  var keepsBytes: Bool { false }

  override func duplicate() -> Entry { CacheEntry(again: self) }

  override final var weight: Int { keyBytes.count + identity.size }
}

/// One that keeps the bytes of its value, for those who decode it later. `@unchecked Sendable` as its superclass.
final class BytesEntry: CacheEntry, @unchecked Sendable {
  private let value: [UInt8]

  override init(keyValue: KeyValue, outcome: DecodingOutcome? = nil) {
    value = keyValue.value
    super.init(keyValue: keyValue, outcome: outcome)
  }

  private init(again entry: BytesEntry) {
    value = entry.value
    super.init(again: entry)
  }

  override var bytes: [UInt8]? { value }
  override var keepsBytes: Bool { true }

  override func duplicate() -> Entry { BytesEntry(again: self) }
}
