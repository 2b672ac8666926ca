import Holdfast
import HoldfastCore

/// The few keys that everybody fights over.
enum Keys {
  static let root = Key("/p/")
  static let range = KeyRange.prefix(root)
  static let folder = Key("/p/d/")
  /// Written together or not at all, always with equal tokens.
  static let pair: [Key] = ["/p/x", "/p/y"]
  /// In the folder, beside it (its name begins like the folder's), and outside of every cache.
  static let all: [Key] = ["/p/a", "/p/b", "/p/d/1", "/p/d/2", "/p/dx", "/p/x", "/p/y", "/p2/z"]
  /// Those that single writes are for.
  static let single: [Key] = all.filter { !pair.contains($0) }

  static func index(_ key: Key) -> Int? { all.firstIndex(of: key) }

  /// The caches' keyspaces: one covers the other.
  static let keyspaces = [root, folder].map { prefix in
    Keyspace(prefix: prefix, codec: SimulatedCodec()) { (value: SimulatedValue) in
      value.key.dropping(prefix: prefix) ?? value.key
    }
  }
}

/// A value that says which write made it.
struct SimulatedValue: Hashable {
  var key: Key
  var token: UInt32
}

/// Four bytes of token, then the key. A value that begins with 0xFF is none.
struct SimulatedCodec: Codec {
  struct Malformed: Error {}

  func encode(_ value: SimulatedValue) throws -> [UInt8] {
    Self.bytes(token: value.token) + value.key.bytes
  }

  func decode(_ bytes: [UInt8]) throws -> SimulatedValue {
    guard bytes.count >= 4, bytes[0] != 0xFF else { throw Malformed() }
    return SimulatedValue(key: Key(bytes: bytes[4...]), token: Self.token(bytes))
  }

  static func bytes(token: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: token >> (24 - 8 * $0)) } }

  /// The token of any value that the simulation wrote, malformed ones included.
  static func token(_ bytes: [UInt8]) -> UInt32 { bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } & 0x00FF_FFFF }

  /// A value that does not decode.
  static func malformed(token: UInt32) -> [UInt8] { [0xFF] + bytes(token: token)[1...] }
}
