package import HoldfastCore

/// Reads decisions from bytes, so that whoever changes bytes changes decisions. At the end of the bytes every decision is the
/// ordinary one: 0, false, the first.
package struct FuzzInput {
  private var rest: ArraySlice<UInt8>

  package init(_ bytes: [UInt8]) { rest = bytes[...] }

  package var isAtEnd: Bool { rest.isEmpty }

  package mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  package mutating func below(_ bound: Int) -> Int { Int(byte()) % max(1, bound) }

  package mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }

  /// True for one in so many bytes, and not at the end.
  package mutating func oneIn(_ count: Int) -> Bool { below(count) == count - 1 }

  /// So many bytes, fewer at the end.
  package mutating func bytes(_ count: Int) -> [UInt8] {
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }

  /// Everything that is left.
  package mutating func remainder() -> [UInt8] {
    defer { rest = [] }
    return Array(rest)
  }

  /// A number that breaks things more often than others do.
  package mutating func number() -> Int64 {
    let odd: [Int64] = [0, 1, -1, .max, .min, .max - 1, .min + 1, 1 << 31, 1 << 32, 1 << 53]
    return switch below(4) {
    case 0: Int64(byte())
    case 1: -Int64(byte())
    case 2: pick(odd)
    default: bytes(8).reduce(0) { $0 << 8 | Int64($1) }
    }
  }

  package mutating func revision() -> Revision { Revision(number()) }

  /// A key that is as likely below `/p/` as on its edges or elsewhere.
  package mutating func key() -> Key {
    let known: [Key] = [
      "/p/a", "/p/b", "/p/c", "/p/d/1", "/p/d/2", "/p/", "/p", "/p0", "/o/z", "", Key(bytes: [0]),
      Key(bytes: [0x2F, 0x70, 0x2F, 0xFF]), Key(bytes: [0x2F, 0x70, 0x2F, 0xFF, 0xFF]), Key(bytes: [0xFF, 0xFF]),
      "/p/../q", "/p//",
    ]
    return oneIn(8) ? Key(bytes: bytes(below(12))) : pick(known)
  }

  package mutating func keyValue() -> KeyValue {
    KeyValue(
      key: key(), value: bytes(below(6)), createRevision: revision(), modRevision: revision(), version: number(),
      lease: oneIn(3) ? LeaseID(number()) : nil)
  }

  package mutating func header() -> ResponseHeader {
    ResponseHeader(
      clusterID: UInt64(byte()), memberID: UInt64(byte()), revision: revision(), raftTerm: UInt64(byte()))
  }

  /// An error as the store or the way to it makes them.
  package mutating func error() -> HoldfastError {
    let codes: [HoldfastError.Code] = [
      .unavailable, .timeout, .compacted, .resourceExhausted, .internal, .protocolViolation, .permissionDenied,
      .futureRevision,
    ]
    return HoldfastError(pick(codes), "any", compactRevision: oneIn(4) ? revision() : nil)
  }
}
