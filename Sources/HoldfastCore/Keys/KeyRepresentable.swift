/// What can be given where a key is asked for: a string, a part of one, bytes, or a ``Key``.
public protocol KeyRepresentable: SendableMetatype {
  /// The bytes that this stands for.
  var key: Key { get }

  /// Hands the same bytes to a closure, for look-ups that make no key of them. They are valid only while it runs.
  func withKeyBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R
}

extension KeyRepresentable {
  public func withKeyBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try key.bytes.withUnsafeBytes(body)
  }
}

extension Key: KeyRepresentable {
  public var key: Key { self }
}

extension String: KeyRepresentable {
  public var key: Key { Key(self) }

  public func withKeyBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    // Strings that are not UTF-8 in memory, of other platforms' frameworks, have no bytes to lend.
    let lent = try utf8.withContiguousStorageIfAvailable { try body(UnsafeRawBufferPointer($0)) }
    return try lent ?? key.bytes.withUnsafeBytes(body)
  }
}

extension Substring: KeyRepresentable {
  public var key: Key { Key(self) }

  public func withKeyBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    let lent = try utf8.withContiguousStorageIfAvailable { try body(UnsafeRawBufferPointer($0)) }
    return try lent ?? key.bytes.withUnsafeBytes(body)
  }
}

extension [UInt8]: KeyRepresentable {
  public var key: Key { Key(bytes: self) }
}

extension ArraySlice<UInt8>: KeyRepresentable {
  public var key: Key { Key(bytes: self) }
}
