/// What can be given where a key is asked for: a string, a part of one, bytes, or a ``Key``.
public protocol KeyRepresentable: SendableMetatype {
  /// The bytes that this stands for.
  var key: Key { get }
}

extension Key: KeyRepresentable {
  public var key: Key { self }
}

extension String: KeyRepresentable {
  public var key: Key { Key(self) }
}

extension Substring: KeyRepresentable {
  public var key: Key { Key(self) }
}

extension [UInt8]: KeyRepresentable {
  public var key: Key { Key(bytes: self) }
}

extension ArraySlice<UInt8>: KeyRepresentable {
  public var key: Key { Key(bytes: self) }
}
