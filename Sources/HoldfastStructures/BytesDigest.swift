/// What tells bytes from any others of the same length, in fixed size.
///
/// **Soundness.** The bytes are the coefficients (seven bytes each) of a polynomial over the integers modulo the prime 2⁶¹ - 1; a
/// digest is its values at two secret places, which this process has drawn at random. Two polynomials of n coefficients that are
/// not the same agree at n places at most, so two byte strings of the same length that are not the same have one digest with a
/// probability of (n / 2⁶¹)² at most: 2⁻¹⁰⁷ for a kilobyte, 2⁻⁸⁶ for 1.5 MiB, which is all that etcd takes by default. That
/// holds for whatever somebody writes who does not know the places, and nobody can learn them: digests never leave the process.
/// So digests that are equal are taken for bytes that are equal, where the lengths are as well.
public struct BytesDigest: Hashable, Sendable {
  // Not private for the tests.
  let first: UInt64
  let second: UInt64

  public init(_ bytes: [UInt8]) {
    (first, second) = bytes.withUnsafeBytes { bytes in
      var (first, second) = (UInt64(0), UInt64(0))
      var index = 0
      // Each load of eight bytes is inside, also the last one of a step.
      while bytes.count - index > 28 {
        let words = (
          Self.word(bytes, index), Self.word(bytes, index + 7), Self.word(bytes, index + 14),
          Self.word(bytes, index + 21)
        )
        first = Self.places.0.step(first, words)
        second = Self.places.1.step(second, words)
        index += 28
      }
      if index == bytes.count { return (first, second) }
      let words = (
        Self.rest(bytes, index), Self.rest(bytes, index + 7), Self.rest(bytes, index + 14),
        Self.rest(bytes, index + 21)
      )
      return (Self.places.0.step(first, words), Self.places.1.step(second, words))
    }
  }

  /// A place to look at polynomials at, with its powers.
  private struct Place {
    static let prime: UInt64 = 1 << 61 - 1

    let powers: (UInt64, UInt64, UInt64, UInt64)

    init(_ random: inout some RandomNumberGenerator) {
      let place = UInt64.random(in: 0..<Self.prime, using: &random)
      let square = Self.reduce(place.multipliedFullWidth(by: place))
      powers = (
        place, square, Self.reduce(square.multipliedFullWidth(by: place)),
        Self.reduce(square.multipliedFullWidth(by: square))
      )
    }

    /// The value so far, with four more coefficients. The sum of all products is below 2¹²³.
    @inline(__always)
    func step(_ value: UInt64, _ words: (UInt64, UInt64, UInt64, UInt64)) -> UInt64 {
      var sum = value.multipliedFullWidth(by: powers.3)
      Self.add(&sum, words.0.multipliedFullWidth(by: powers.2))
      Self.add(&sum, words.1.multipliedFullWidth(by: powers.1))
      Self.add(&sum, words.2.multipliedFullWidth(by: powers.0))
      Self.add(&sum, (0, words.3))
      return Self.reduce(sum)
    }

    private static func add(_ sum: inout (high: UInt64, low: UInt64), _ other: (high: UInt64, low: UInt64)) {
      let (low, carries) = sum.low.addingReportingOverflow(other.low)
      sum = (sum.high &+ other.high &+ (carries ? 1 : 0), low)
    }

    /// The rest modulo the prime of a number below 2¹²³. Since 2⁶¹ is 1 more than a multiple of the prime, the bits above count as they
    /// would below.
    private static func reduce(_ number: (high: UInt64, low: UInt64)) -> UInt64 {
      let sum = (number.low & prime) &+ (number.low >> 61 | number.high << 3)
      let once = (sum & prime) &+ (sum >> 61)
      return once >= prime ? once &- prime : once
    }
  }

  private static let places: (Place, Place) = {
    var random = SystemRandomNumberGenerator()
    return (Place(&random), Place(&random))
  }()

  /// Seven bytes; there are eight.
  private static func word(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) & (1 << 56 - 1)
  }

  /// Up to seven bytes, as many as there are.
  private static func rest(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> UInt64 {
    if bytes.count - index >= 8 { return word(bytes, index) }
    var word: UInt64 = 0
    for (shift, byte) in bytes.dropFirst(index).prefix(7).enumerated() { word |= UInt64(byte) << UInt64(8 * shift) }
    return word
  }
}
