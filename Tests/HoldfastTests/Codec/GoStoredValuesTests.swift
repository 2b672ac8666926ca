import Foundation
import Testing

@testable import Holdfast

/// What the Go implementation stored reads here, and what is written here means the same.
@Suite struct GoStoredValuesTests {
  private let codec = JSONCodec<GoRecord>()

  /// Plain JSON of stored bytes.
  private func json(_ stored: some Sequence<UInt8>) throws -> [UInt8] {
    let bytes = Array(stored)
    return Gzip.isCompressed(bytes) ? try Gzip.decompress(bytes, limit: 1 << 20) : bytes
  }

  /// A JSON object with equal meanings equal: numbers exact, missing, null and zero of the record's fields the same to Go.
  private func meaning(_ json: some Sequence<UInt8>) throws -> (time: String?, rest: NSDictionary) {
    let object = try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any]
    var rest = try #require(object).filter { _, value in
      switch value {
      case is NSNull: false
      case let text as String: !text.isEmpty
      case let number as NSNumber: number.doubleValue != 0
      default: true
      }
    }
    let time = rest.removeValue(forKey: "t") as? String
    return (time, NSDictionary(dictionary: rest))
  }

  @Test func nineValues() throws {
    #expect(try GoStoredValue.all().count == 9)
  }

  @Test(arguments: try GoStoredValue.all())
  func decodes(_ value: GoStoredValue) throws {
    let expected = try JSONSerialization.jsonObject(with: value.json) as? [String: Any]
    let object = try #require(expected)
    let record = try codec.decode([UInt8](value.stored))
    #expect(record.text == object["some_field"] as? String ?? "")
    #expect(record.number == (object["n"] as? NSNumber)?.int64Value ?? 0)
    #expect(record.fraction == (object["f"] as? NSNumber)?.doubleValue ?? 0)
    #expect(record.flag == (object["b"] as? NSNumber)?.boolValue ?? false)
    #expect(record.labels == object["labels"] as? [String: String])
    #expect(record.list == object["a"] as? [String])
    let time = object["t"] as? String
    #expect(record.time == time.flatMap(RFC3339.date))
    #expect((record.time == nil) == (time == nil))
    #expect(try json(value.stored) == [UInt8](value.json))
    #expect(Gzip.isCompressed([UInt8](value.stored)) == value.isCompressed)
  }

  @Test(arguments: try GoStoredValue.all())
  func encodesTheSameMeaning(_ value: GoStoredValue) throws {
    let encoded = try codec.encode(try codec.decode([UInt8](value.stored)))
    // A date is a double: what Go wrote to the nanosecond is here rounded to what it can hold. Compared apart.
    let (own, theirs) = (try meaning(try json(encoded)), try meaning(value.json))
    #expect(own.time.flatMap(RFC3339.date) == theirs.time.flatMap(RFC3339.date))
    #expect(own.rest == theirs.rest)
    #expect(try codec.decode(encoded) == codec.decode([UInt8](value.stored)))
  }

  @Test func timeToTheNanosecond() throws {
    let date = try #require(RFC3339.date(from: "2026-03-31T19:34:05.123456789Z"))
    let whole = try #require(RFC3339.date(from: "2026-03-31T19:34:05Z"))
    #expect(abs(date.timeIntervalSince(whole) - 0.123456789) < 2e-7)
  }

  /// 2^53 + 1 has no double: whoever reads numbers as doubles loses it.
  @Test func exactIntegers() throws {
    let value = try #require(try GoStoredValue.all().first { $0.name == "html-and-slash" })
    let record = try codec.decode([UInt8](value.stored))
    #expect(record.number == -9_007_199_254_740_993)
    #expect(try String(decoding: json(codec.encode(record)), as: UTF8.self).contains("-9007199254740993"))
  }
}
