import HoldfastCore
import Testing

/// Against a dictionary that is sorted for every answer; the seeds are fixed.
@Suite struct SortedMapTests {
  private struct Random: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  private func check(_ map: SortedMap<Int>, _ model: [Key: Int], _ random: inout Random) {
    let sorted = model.sorted { $0.key < $1.key }
    #expect(map.count == model.count && map.isEmpty == model.isEmpty)
    #expect(map.map(\.key) == sorted.map(\.key))
    #expect(map.map(\.value) == sorted.map(\.value))
    var ranges: [KeyRange] = [.all, .prefix("1"), .from("5"), .key("77"), KeyRange(start: "5", end: "3")]
    for _ in 0..<5 { ranges.append(KeyRange(start: key(&random), end: key(&random))) }
    for range in ranges {
      let expected = sorted.filter { range.contains($0.key) }
      #expect(map.elements(in: range).map(\.key) == expected.map(\.key), "\(range)")
      #expect(map.count(in: range) == expected.count, "\(range)")
      var first: [Key] = []
      map.forEach(in: range) {
        first.append($0.key)
        return first.count < 3
      }
      #expect(first == expected.prefix(3).map(\.key), "\(range)")
    }
  }

  private func key(_ random: inout Random) -> Key { Key("\(Int.random(in: 0..<3_000, using: &random))") }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func behavesLikeASortedDictionary(seed: UInt64) {
    var random = Random(state: seed)
    var map = SortedMap<Int>()
    var model: [Key: Int] = [:]
    check(map, model, &random)
    for step in 0..<8_000 {
      let key = key(&random)
      // More insertions in the first half, more removals in the second.
      switch Int.random(in: 0..<8, using: &random) {
      case 0: #expect(map.updateValue(step, forKey: key) == model.updateValue(step, forKey: key))
      case 1: #expect(map.removeValue(forKey: key) == model.removeValue(forKey: key))
      case 2, 3:
        let old = map.withValue(of: key, default: -1) { value in
          defer { value += step }
          return value
        }
        #expect(old == model[key, default: -1])
        model[key, default: -1] += step
      case 4: #expect(map[key] == model[key])
      default:
        let value = step < 4_000 ? step : nil
        map[key] = value
        model[key] = value
      }
      if step.isMultiple(of: 500) { check(map, model, &random) }
    }
    check(map, model, &random)
    for key in model.keys.sorted() { map[key] = nil }
    check(map, [:], &random)
  }

  @Test func copiesAreIndependent() {
    var map = SortedMap((0..<1_000).map { (key: Key("\($0 + 1_000)"), value: $0) })
    let copy = map
    for index in 0..<1_000 { map[Key("\(index + 1_000)")] = index.isMultiple(of: 2) ? nil : -1 }
    #expect(copy.map(\.value) == Array(0..<1_000))
    #expect(map.count == 500 && map.allSatisfy { $0.value == -1 })
  }

  @Test func isMadeOfElementsInAnyOrder() {
    let keys = ["b", "a", "c", "a"] as [Key]
    let map = SortedMap(zip(keys, 0...).map { (key: $0, value: $1) })
    #expect(map.map(\.key) == ["a", "b", "c"])
    #expect(map["a"] == 3 && map.count == 3)
  }
}
