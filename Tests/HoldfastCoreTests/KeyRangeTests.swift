import HoldfastCore
import Testing

@Suite struct KeyRangeTests {
  @Test func containsWhatIsBetween() {
    let range = KeyRange(start: "b", end: "d")
    for (key, expected) in [("a", false), ("b", true), ("c", true), ("czz", true), ("d", false)] as [(Key, Bool)] {
      #expect(range.contains(key) == expected, "\(key)")
    }
    #expect(KeyRange.from("b").contains(Key(bytes: [0xFF, 0xFF])))
    #expect(KeyRange.all.contains("") && KeyRange.all.contains("z"))
    #expect(!KeyRange(start: "d", end: "b").contains("c"))
  }

  @Test func aSingleKeyHasNoNeighbours() {
    let range = KeyRange.key("a")
    #expect(range.isSingleKey && range.contains("a"))
    #expect(!range.contains(Key(bytes: [0x61, 0])) && !range.contains("b"))
    #expect(!KeyRange.prefix("a").isSingleKey && !KeyRange.from("a").isSingleKey)
    #expect(!KeyRange(start: "a", end: "b\u{0}").isSingleKey)
  }

  @Test func prefixesCoverExactlyTheirKeys() {
    let folder = KeyRange.prefix("a/")
    for (key, expected) in [("a", false), ("a/", true), ("a/1", true), ("a/\u{10FFFF}", true), ("a0", false)] {
      #expect(folder.contains(Key(key)) == expected, "\(key)")
    }
    let high = KeyRange.prefix(Key(bytes: [0xFF]))
    #expect(high.end == nil && high.contains(Key(bytes: [0xFF, 0xFF])) && !high.contains("a"))
    #expect(KeyRange.prefix("") == .all)
  }

  @Test func relatesToOtherRanges() {
    let a = KeyRange(start: "b", end: "f")
    let table: [(KeyRange, contains: Bool, overlaps: Bool, KeyRange?)] = [
      (KeyRange(start: "c", end: "d"), true, true, KeyRange(start: "c", end: "d")),
      (a, true, true, a),
      (KeyRange(start: "a", end: "c"), false, true, KeyRange(start: "b", end: "c")),
      (KeyRange(start: "e", end: nil), false, true, KeyRange(start: "e", end: "f")),
      (KeyRange(start: "f", end: "g"), false, false, nil),
      (KeyRange(start: "a", end: "b"), false, false, nil),
      (.all, false, true, a),
      (KeyRange(start: "d", end: "c"), true, false, nil),
    ]
    for (other, contains, overlaps, intersection) in table {
      #expect(a.contains(other) == contains, "\(other)")
      #expect(a.overlaps(other) == overlaps, "\(other)")
      #expect(other.overlaps(a) == overlaps, "\(other)")
      #expect(a.intersection(other) == intersection, "\(other)")
      #expect(other.intersection(a) == intersection, "\(other)")
    }
    #expect(KeyRange.all.contains(a) && KeyRange.from("a").contains(.from("b")) && !a.contains(.from("b")))
  }

  @Test func describesItself() {
    #expect("\(KeyRange.key("a"))" == "a")
    #expect("\(KeyRange.prefix("a/"))" == "a/*")
    #expect("\(KeyRange.all)" == "every key")
    #expect("\(KeyRange(start: "a", end: "c"))" == "[a, c)")
    #expect("\(KeyRange.from("a"))" == "[a, …)")
  }
}
