/// A key of the store: bytes, ordered byte by byte as etcd orders them.
///
/// Keys are bytes and not `String`s, because two strings that Swift calls equal (composed and decomposed accents) are two
/// keys to etcd, and because a key need not be valid UTF-8 at all.
public struct Key: Hashable, Sendable {
  /// The bytes of the key, exactly as the store has them.
  public let bytes: [UInt8]

  @inlinable
  public init(bytes: some Sequence<UInt8>) {
    self.bytes = Array(bytes)
  }

  /// The UTF-8 form of `string`, unchanged: no normalisation.
  @inlinable
  public init(_ string: some StringProtocol) {
    self.bytes = Array(string.utf8)
  }

  public var isEmpty: Bool { bytes.isEmpty }

  public func hasPrefix(_ prefix: Key) -> Bool {
    bytes.starts(with: prefix.bytes)
  }

  /// The smallest key that is greater than this one: the key followed by a zero byte.
  public var successor: Key { Key(bytes: bytes + [0]) }

  /// The smallest key that is greater than every key with this prefix, or nil when there is none (empty, or all 0xFF).
  public var prefixEnd: Key? {
    var end = bytes
    while let last = end.last {
      if last < 0xFF {
        end[end.count - 1] = last + 1
        return Key(bytes: end)
      }
      end.removeLast()
    }
    return nil
  }

  /// This key with the bytes of another one appended.
  public func appending(_ suffix: Key) -> Key { Key(bytes: bytes + suffix.bytes) }

  /// What follows `prefix`, or nil when the key does not begin with it.
  public func dropping(prefix: Key) -> Key? {
    hasPrefix(prefix) ? Key(bytes: bytes[prefix.bytes.count...]) : nil
  }

  /// The key as a string, or nil when its bytes are not valid UTF-8.
  public var string: String? { String(validating: bytes, as: UTF8.self) }
}

extension Key: Comparable {
  public static func < (lhs: Key, rhs: Key) -> Bool {
    lhs.bytes.withUnsafeBytes { left in
      rhs.bytes.withUnsafeBytes { right in
        let count = min(left.count, right.count)
        var index = 0
        // Eight bytes at once, as the number that they are when the first is the highest.
        while count - index >= 8 {
          let (a, b) = (
            left.loadUnaligned(fromByteOffset: index, as: UInt64.self),
            right.loadUnaligned(fromByteOffset: index, as: UInt64.self)
          )
          if a != b { return UInt64(bigEndian: a) < UInt64(bigEndian: b) }
          index += 8
        }
        while index < count {
          if left[index] != right[index] { return left[index] < right[index] }
          index += 1
        }
        return left.count < right.count
      }
    }
  }
}

extension Key: ExpressibleByStringLiteral {
  public init(stringLiteral value: String) { self.init(value) }
}

extension Key: CustomStringConvertible {
  /// The key as text. Bytes that are not printable text are written as `\xNN`, so that two different keys never look alike
  /// and a hostile one cannot write control characters to a terminal or log.
  public var description: String {
    if let string, string.unicodeScalars.allSatisfy({ !$0.properties.isControl && $0 != "\\" }) { return string }
    let digits = Array("0123456789abcdef")
    return bytes.reduce(into: "") { text, byte in
      switch byte {
      case 0x5C: text += "\\\\"
      case 0x20..<0x7F: text.unicodeScalars.append(Unicode.Scalar(byte))
      default: text += "\\x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
  }
}

extension Unicode.Scalar.Properties {
  fileprivate var isControl: Bool {
    switch generalCategory {
    case .control, .format, .surrogate, .unassigned, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
