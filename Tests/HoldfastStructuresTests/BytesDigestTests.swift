import Testing

@testable import HoldfastStructures

@Suite struct BytesDigestTests {
  /// All lengths around those at which it takes another way.
  private static let lengths = [0, 1, 6, 7, 8, 13, 14, 15, 21, 22, 27, 28, 29, 34, 35, 36, 55, 56, 57, 58, 84, 85, 300]

  private func bytes(_ count: Int, _ seed: UInt64) -> [UInt8] {
    var random = SplitMix(state: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  @Test(arguments: lengths) func theSameBytesHaveOneDigestWhereverTheyAre(_ count: Int) {
    let all = bytes(count + 3, 1)
    for shift in 0...3 {
      let part = Array(all[shift..<(shift + count)])
      // Another array, of other capacity.
      var other: [UInt8] = []
      for byte in part { other.append(byte) }
      #expect(BytesDigest(part) == BytesDigest(other))
    }
  }

  @Test(arguments: lengths) func everyBitCounts(_ count: Int) {
    for original in [bytes(count, 2), Array(repeating: 0, count: count), Array(repeating: 0xFF, count: count)] {
      let digest = BytesDigest(original)
      for place in 0..<(8 * count) {
        var changed = original
        changed[place / 8] ^= 1 << UInt8(place % 8)
        #expect(BytesDigest(changed) != digest, "bit \(place) of \(count) bytes")
      }
    }
  }

  /// One place alone would leave 61 bits.
  @Test func thePlacesAreTwo() {
    let digest = BytesDigest(bytes(100, 3))
    #expect(digest.first != digest.second)
  }

  @Test func theOrderCounts() {
    let parts = (0..<8).map { bytes(7, $0) }
    var seen: Set<BytesDigest> = []
    for first in 0..<8 {
      for second in first..<8 {
        var order = parts
        order.swapAt(first, second)
        seen.insert(BytesDigest(Array(order.joined())))
      }
    }
    #expect(seen.count == 29, "28 pairs to swap, and none")
  }
}
