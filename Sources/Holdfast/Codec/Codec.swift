/// How values become the bytes that the store keeps, and back.
///
/// Encoding must be deterministic (equal values give equal bytes): a write whose outcome is unknown can only be resolved by
/// comparing bytes.
public protocol Codec<Value>: Sendable {
  associatedtype Value: Sendable

  /// The bytes to store.
  func encode(_ value: Value) throws -> [UInt8]

  /// The value of stored bytes. They may come from anybody: throw, never trap, and bound what is allocated.
  func decode(_ bytes: [UInt8]) throws -> Value
}
