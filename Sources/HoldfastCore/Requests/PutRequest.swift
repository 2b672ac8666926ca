/// Writes one key.
public struct PutRequest: Hashable, Sendable {
  public var key: Key
  public var value: [UInt8]
  /// The lease to attach the key to; nil detaches it from any.
  public var lease: LeaseID?
  /// Return what the key held before.
  public var previous = false
  /// Keep the current value (the key must exist, `value` must be empty).
  public var ignoreValue = false
  /// Keep the current lease (the key must exist, `lease` must be nil).
  public var ignoreLease = false

  public init(key: Key, value: [UInt8], lease: LeaseID? = nil, previous: Bool = false) {
    self.key = key
    self.value = value
    self.lease = lease
    self.previous = previous
  }
}

public struct PutResponse: Hashable, Sendable {
  public var header: ResponseHeader
  /// What the key held before, when it was asked for and the key existed.
  public var previous: KeyValue?

  public init(header: ResponseHeader, previous: KeyValue? = nil) {
    self.header = header
    self.previous = previous
  }
}
