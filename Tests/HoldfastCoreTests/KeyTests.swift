import HoldfastCore
import Testing

@Suite struct KeyTests {
  @Test func ordersByBytes() {
    let bytes: [[UInt8]] = [
      [], [0], [0, 0], [0, 1], [1], [0x61], [0x61, 0], [0x61, 0xFF], [0x62], [0xFF], [0xFF, 0xFF],
    ]
    let keys = bytes.map { Key(bytes: $0) }
    for (index, key) in keys.enumerated() {
      for (other, right) in keys.enumerated() {
        #expect((key < right) == (index < other), "\(key) \(right)")
        #expect((key == right) == (index == other))
      }
    }
    #expect(keys.reversed().sorted() == keys)
  }

  /// Long keys that differ in one byte, at any place, and in their length.
  @Test func ordersByBytesAtEveryPlace() {
    let base = (0..<30).map { UInt8($0 * 37 % 251) }
    for length in 0...30 {
      let left = Array(base.prefix(length))
      for other in 0...30 {
        for place in 0..<max(1, other) {
          for byte: UInt8 in [0, 0x7F, 0x80, 0xFF] {
            var right = Array(base.prefix(other))
            if place < other { right[place] = byte }
            #expect(
              (Key(bytes: left) < Key(bytes: right)) == left.lexicographicallyPrecedes(right), "\(left) \(right)")
          }
        }
      }
    }
  }

  @Test func endsPrefixesAtTheNextPossibleKey() {
    let table: [([UInt8], [UInt8]?)] = [
      ([], nil), ([0xFF], nil), ([0xFF, 0xFF], nil), ([0], [1]), ([0x61], [0x62]), ([0x61, 0xFE], [0x61, 0xFF]),
      ([0x61, 0xFF], [0x62]), ([0x61, 0xFF, 0xFF], [0x62]), ([0xFF, 0, 0xFF], [0xFF, 1]),
    ]
    for (prefix, end) in table { #expect(Key(bytes: prefix).prefixEnd == end.map { Key(bytes: $0) }, "\(prefix)") }
  }

  @Test func hasASuccessor() {
    for key in ["", "a", "a/1"] as [Key] {
      #expect(key.successor > key)
      #expect(key.successor.bytes == key.bytes + [0])
    }
  }

  @Test func joinsAndDropsPrefixes() {
    let key: Key = "jobs/1"
    #expect(key.hasPrefix("jobs/"))
    #expect(key.hasPrefix(""))
    #expect(key.hasPrefix(key))
    #expect(!key.hasPrefix("jobs/10"))
    #expect(key.dropping(prefix: "jobs/") == "1")
    #expect(key.dropping(prefix: "job/") == nil)
    #expect(Key("jobs/").appending("1") == key)
  }

  @Test func keepsWhatUnicodeCallsEqualApart() {
    let composed = Key("\u{E9}")
    let decomposed = Key("e\u{301}")
    #expect("\u{E9}" == "e\u{301}")
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed]).count == 2)
    #expect("\u{E9}".key == composed && decomposed.string == "e\u{301}")
  }

  @Test func isMadeOfWhatStandsForIt() {
    let key = Key("ab")
    #expect("ab".key == key)
    #expect("xab".dropFirst().key == key)
    #expect(([0x61, 0x62] as [UInt8]).key == key)
    #expect(([0x78, 0x61, 0x62] as [UInt8])[1...].key == key)
    #expect(key.key == key)
  }

  @Test func describesItselfWithoutControlCharacters() {
    let table: [([UInt8], String)] = [
      (Array("jobs/1".utf8), "jobs/1"), (Array("été".utf8), "été"), ([0x61, 0x0A], "a\\x0a"), ([0x1B, 0x5B], "\\x1b["),
      ([0xFF, 0x61], "\\xffa"), ([0x5C], "\\\\"), ([0x7F], "\\x7f"), ([0], "\\x00"),
      (Array("a\u{202E}b".utf8), "a\\xe2\\x80\\xaeb"), (Array("\u{85}".utf8), "\\xc2\\x85"),
    ]
    for (bytes, description) in table { #expect(Key(bytes: bytes).description == description) }
    for byte in UInt8.min...UInt8.max {
      let scalars = Key(bytes: [byte]).description.unicodeScalars
      #expect(scalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F }, "\(byte)")
    }
    // Different keys never look alike.
    let descriptions = Set((UInt8.min...UInt8.max).map { Key(bytes: [$0]).description })
    #expect(descriptions.count == 256)
    #expect(Key("\\x00").description != Key(bytes: [0]).description)
  }

  @Test func isAStringOnlyWhenItIsUTF8() {
    #expect(Key("été").string == "été")
    #expect(Key(bytes: [0xC3]).string == nil)
  }
}
