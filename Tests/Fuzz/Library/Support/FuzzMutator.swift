/// Changes valid inputs the way that finds faults: a few small changes, of which each leaves most of the input as it was.
package struct FuzzMutator: RandomNumberGenerator {
  private var state: UInt64

  private static let edges: [UInt8] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF, 0x0A, 0x2F]
  private static let numbers: [[UInt8]] = [
    [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 0, 0, 0, 0, 0], [0x80, 0, 0, 0, 0x80, 0, 0, 0],
    [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF],
  ]

  package init(seed: UInt64) { state = seed }

  /// Steele, Lea and Flood's generator.
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// An input for the target: mostly one of its own with changes, sometimes just any bytes.
  package mutating func input(for target: FuzzTarget) -> [UInt8] {
    guard !target.seeds.isEmpty, below(5) > 0 else { return noise(below(4) == 0 ? 600 : 60) }
    var bytes = target.seeds[below(target.seeds.count)]
    for _ in 0..<below(6) { change(&bytes, target) }
    return bytes
  }

  private mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }

  private mutating func noise(_ most: Int) -> [UInt8] {
    (0..<below(most)).map { _ in UInt8(truncatingIfNeeded: next()) }
  }

  private mutating func slice(_ bytes: [UInt8], most: Int) -> Range<Int> {
    let start = below(bytes.count + 1)
    return start..<min(bytes.count, start + 1 + below(most))
  }

  private mutating func change(_ bytes: inout [UInt8], _ target: FuzzTarget) {
    let place = below(bytes.count + 1)
    let byte = bytes.isEmpty ? 0 : min(place, bytes.count - 1)
    switch below(12) {
    case 0 where !bytes.isEmpty: bytes[byte] ^= 1 << UInt8(below(8))
    case 1 where !bytes.isEmpty: bytes[byte] = Self.edges[below(Self.edges.count)]
    case 2: bytes.insert(contentsOf: noise(9), at: place)
    case 3: bytes.removeSubrange(slice(bytes, most: 16))
    case 4: bytes.insert(contentsOf: bytes[slice(bytes, most: 64)], at: place)
    case 5: bytes.removeLast(below(bytes.count + 1) / (1 + below(8)))
    case 6:
      // A number of four or eight bytes becomes another one.
      let number = Self.numbers[below(Self.numbers.count)]
      for (index, byte) in number.suffix(below(2) == 0 ? 4 : 8).enumerated() where place + index < bytes.count {
        bytes[place + index] = byte
      }
    case 7:
      let part = Array(bytes[slice(bytes, most: 8)])
      bytes.insert(contentsOf: repeatElement(part, count: below(below(20) == 0 ? 2_000 : 30)).joined(), at: place)
    case 8: bytes += target.seeds[below(target.seeds.count)]
    case 9:
      let other = target.seeds[below(target.seeds.count)]
      bytes.replaceSubrange(place..., with: other.dropFirst(place))
    default:
      if !target.words.isEmpty { bytes.insert(contentsOf: target.words[below(target.words.count)], at: place) }
    }
  }
}
