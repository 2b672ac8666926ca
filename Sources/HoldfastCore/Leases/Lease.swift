/// The name of a lease.
public struct LeaseID: RawRepresentable, Hashable, Sendable {
  public let rawValue: Int64
  public init(rawValue: Int64) { self.rawValue = rawValue }
  public init(_ rawValue: Int64) { self.rawValue = rawValue }
}

extension LeaseID: CustomStringConvertible {
  /// The number in hexadecimal, as etcd's tools write it.
  public var description: String { String(UInt64(bitPattern: rawValue), radix: 16) }
}

/// A lease that the store has granted: keys attached to it vanish when it expires or is revoked.
public struct Lease: Hashable, Sendable {
  public var id: LeaseID
  /// The time to live that the store granted, in whole seconds; it may be longer than what was asked for.
  public var ttl: Duration
  /// The header of the answer that granted it.
  public var header: ResponseHeader

  public init(id: LeaseID, ttl: Duration, header: ResponseHeader) {
    self.id = id
    self.ttl = ttl
    self.header = header
  }
}

/// What is left of a lease.
public struct LeaseTimeToLive: Hashable, Sendable {
  public var id: LeaseID
  /// The time left in whole seconds; nil when the lease does not exist (any more).
  public var remaining: Duration?
  /// What was granted; zero when the lease does not exist.
  public var granted: Duration
  /// The keys attached to it, in key order, when they were asked for.
  public var keys: [Key]
  public var header: ResponseHeader

  public init(id: LeaseID, remaining: Duration?, granted: Duration, keys: [Key], header: ResponseHeader) {
    self.id = id
    self.remaining = remaining
    self.granted = granted
    self.keys = keys
    self.header = header
  }
}

extension Duration {
  /// The duration in whole seconds, rounded up: what etcd can be asked for, and never less than what was meant.
  package var wholeSecondsRoundedUp: Int64 {
    let (seconds, attoseconds) = components
    return seconds < .max && attoseconds > 0 ? seconds + 1 : seconds
  }
}
