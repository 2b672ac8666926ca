import Foundation
import Testing

@testable import Holdfast

/// The bytes that the default codec writes.
@Suite struct JSONFormTests {
  private struct Empty: Codable, Equatable {}

  private struct Note: Codable, Equatable {
    var b: String
    var a: [String: Int]
    var date: Date?
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test func sortedKeysAndPlainSlashes() throws {
    let note = Note(b: "x/y <é>", a: ["z": 1, "ä": 2, "b/c": 3, "B": 4])
    let bytes = try JSONCodec<Note>().encode(note)
    #expect(text(bytes) == #"{"a":{"B":4,"b/c":3,"z":1,"ä":2},"b":"x/y <é>"}"#)
    #expect(try JSONCodec<Note>().decode(bytes) == note)
  }

  @Test func neverUnderTenBytes() throws {
    #expect(text(try JSONCodec<Empty>().encode(Empty())) == "{}        ")
    #expect(text(try JSONCodec<Int>().encode(7)) == "7         ")
    #expect(text(try JSONCodec<Int?>().encode(nil)) == "null      ")
    #expect(text(try JSONCodec<String>().encode("1234567")) == #""1234567" "#)
    #expect(text(try JSONCodec<String>().encode("12345678")) == #""12345678""#)
    #expect(try JSONCodec<Int>().decode(JSONCodec<Int>().encode(7)) == 7)
    #expect(try JSONCodec<Int?>().decode(JSONCodec<Int?>().encode(nil)) == nil)
    #expect(try JSONCodec<Empty>().decode(JSONCodec<Empty>().encode(Empty())) == Empty())
  }

  /// The quotes count: so many bytes of JSON.
  private func string(jsonBytes: Int) -> String { String(repeating: "x", count: jsonBytes - 2) }

  @Test(arguments: [10, 2_046, 2_047, 2_048, 2_049, 65_536, 1 << 20])
  func compressedFromTheThresholdOn(_ size: Int) throws {
    let codec = JSONCodec<String>()
    let bytes = try codec.encode(string(jsonBytes: size))
    #expect(Gzip.isCompressed(bytes) == (size >= 2_048))
    #expect(bytes.count == size || size >= 2_048)
    #expect(try codec.decode(bytes) == string(jsonBytes: size))
    #expect(try codec.encode(string(jsonBytes: size)) == bytes)
  }

  @Test func bothFormsReadWhateverTheThreshold() throws {
    let eager = JSONCodec<String>(compressionThreshold: 0)
    let never = JSONCodec<String>(compressionThreshold: .max)
    let text = string(jsonBytes: 5_000)
    #expect(try eager.decode(never.encode(text)) == text)
    #expect(try never.decode(eager.encode(text)) == text)
    #expect(Gzip.isCompressed(try eager.encode("")))
    #expect(try eager.encode("").count >= 10)
  }

  /// Insertion order and the seed of hashing differ between equal dictionaries.
  @Test func equalValuesGiveEqualBytes() throws {
    let keys = (0..<300).map { "key \($0)" }
    let forwards = Dictionary(uniqueKeysWithValues: keys.map { ($0, 1) })
    var backwards: [String: Int] = [:]
    backwards.reserveCapacity(4_096)
    for key in keys.reversed() { backwards[key] = 1 }
    let codec = JSONCodec<[String: Int]>()
    #expect(try codec.encode(forwards) == codec.encode(backwards))
  }

  @Test func datesInside() throws {
    let date = try #require(RFC3339.date(from: "2026-03-31T19:34:05.5Z"))
    let note = Note(b: "", a: [:], date: date)
    #expect(text(try JSONCodec<Note>().encode(note)) == #"{"a":{},"b":"","date":"2026-03-31T19:34:05.5Z"}"#)
    #expect(throws: DecodingError.self) {
      try JSONCodec<Note>().decode(Array(#"{"a":{},"b":"","date":"2026-02-30T00:00:00Z"}"#.utf8))
    }
    #expect(throws: DecodingError.self) { try JSONCodec<Note>().decode(Array(#"{"a":{},"b":"","date":0}"#.utf8)) }
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func datesThatAreNone(_ interval: Double) {
    #expect(throws: EncodingError.self) {
      try JSONCodec<Note>().encode(Note(b: "", a: [:], date: Date(timeIntervalSinceReferenceDate: interval)))
    }
  }
}
