import HoldfastStructures

/// The one object behind a ``Stored``, and behind what caches hold of a decoded value: a look-up hands out what it found.
///
/// `@unchecked Sendable` as ``Entry`` is: what is added is constant.
final class StoredEntry<Value: Sendable>: RecordEntry<CacheContent<Value>>, @unchecked Sendable {
  let details: StoredDetails<Value>
  let value: Value

  /// - Parameter keyValue: With the value's bytes for a cache, which compares them; without elsewhere.
  init(_ value: Value, _ keyValue: KeyValue, _ details: StoredDetails<Value>) {
    (self.value, self.details) = (value, details)
    super.init(keyValue: keyValue, kind: Self.kind)
  }

  /// What no other record has.
  private static var kind: UInt8 { 1 }

  /// The record as this, if it is one.
  static func of(_ record: RecordEntry<CacheContent<Value>>) -> StoredEntry? {
    record.kind == kind ? record.assumed(as: StoredEntry.self) : nil
  }

  override var content: CacheContent<Value> { .value(Stored(self)) }
  override func duplicate() -> Entry { StoredEntry(value, keyValue, details) }
}

/// What a ``Stored`` knows beside the value and the key-value.
struct StoredDetails<Value: Sendable>: Sendable {
  /// How many bytes of the whole key are the keyspace's prefix.
  var prefixLength: Int32 = 0
  var isMisplaced = false
  var result: WriteResult<Value>?

  func key(of storeKey: Key) -> Key {
    prefixLength == 0 ? storeKey : Key(bytes: storeKey.bytes.dropFirst(Int(prefixLength)))
  }
}

/// What only the result of a write knows.
final class WriteResult<Value: Sendable>: Sendable {
  let leaseTTL: Duration?
  let previous: (@Sendable () throws -> Stored<Value>?)?

  init(leaseTTL: Duration?, previous: (@Sendable () throws -> Stored<Value>?)?) {
    (self.leaseTTL, self.previous) = (leaseTTL, previous)
  }
}
