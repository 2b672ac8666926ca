private import CHoldfastStructures

/// Comparing and hashing of bytes, as many at a time as the machine takes.
public enum Bytes {
  /// Negative when the left ones come first, positive when the right ones do: byte by byte, then the shorter first.
  public static func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
    if let first = left.baseAddress, let second = right.baseAddress {
      // Both buffers have at least that many bytes.
      let order = memcmp(first, second, min(left.count, right.count))
      if order != 0 { return Int(order) }
    }
    return left.count - right.count
  }

  public static func areEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    left.count == right.count && compare(left, right) == 0
  }

  /// The same bytes in memory of their own: what an array is copied from is what it shares otherwise.
  public static func copy(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { Array($0) } }

  /// The first eight bytes as a number that orders as they do. Missing ones count as zeros: where two digests are equal
  /// the bytes themselves must be compared.
  static func digest(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    // Inside the buffer, whatever its alignment.
    if bytes.count >= 8 { return UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)) }
    var digest: UInt64 = 0
    for (index, byte) in bytes.enumerated() { digest |= UInt64(byte) << UInt64(56 - 8 * index) }
    return digest
  }
}

/// A hash of bytes by multiplication, in the manner of wyhash, with secrets of its own: who does not know them cannot make
/// keys that collide.
struct ByteHasher {
  private let secrets: (UInt64, UInt64, UInt64)

  init() {
    var random = SystemRandomNumberGenerator()
    // Odd ones: never zero, which would swallow what it is multiplied with.
    secrets = (random.next() | 1, random.next() | 1, random.next() | 1)
  }

  /// Never zero.
  func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    let count = bytes.count
    var state = secrets.0
    var index = 0
    // Every load is inside the buffer: there are that many bytes left, or that many before its end.
    while count - index > 16 {
      state = Self.mix(Self.word(bytes, index) ^ secrets.1, Self.word(bytes, index + 8) ^ state)
      index += 16
    }
    let rest = count - index
    var first: UInt64 = 0
    var last: UInt64 = 0
    if rest >= 8 {
      (first, last) = (Self.word(bytes, index), Self.word(bytes, count - 8))
    } else if rest >= 4 {
      first = UInt64(bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self))
      last = UInt64(bytes.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
    } else if rest > 0 {
      first = UInt64(bytes[index]) << 16 | UInt64(bytes[index + rest / 2]) << 8 | UInt64(bytes[count - 1])
    }
    state = Self.mix(first ^ secrets.1, last ^ state)
    return max(1, Self.mix(state ^ UInt64(truncatingIfNeeded: count), secrets.2))
  }

  private static func word(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> UInt64 {
    bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
  }

  private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }
}
