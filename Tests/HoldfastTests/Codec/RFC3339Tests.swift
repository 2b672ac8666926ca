import Foundation
import Testing

@testable import Holdfast

@Suite struct RFC3339Tests {
  /// Text, seconds since 1970, and the text as it is written; nil where it is the same.
  private static let table: [(String, Double, String?)] = [
    ("1970-01-01T00:00:00Z", 0, nil),
    ("1969-12-31T23:59:59Z", -1, nil),
    ("2026-03-31T19:34:05Z", 1_774_985_645, nil),
    ("2026-03-31T19:34:05.25Z", 1_774_985_645.25, nil),
    ("2026-03-31T19:34:05.250Z", 1_774_985_645.25, "2026-03-31T19:34:05.25Z"),
    ("2026-03-31T19:34:05.000000000Z", 1_774_985_645, "2026-03-31T19:34:05Z"),
    ("2026-03-31t19:34:05z", 1_774_985_645, "2026-03-31T19:34:05Z"),
    ("2026-03-31 19:34:05Z", 1_774_985_645, "2026-03-31T19:34:05Z"),
    ("2026-03-31T21:34:05+02:00", 1_774_985_645, "2026-03-31T19:34:05Z"),
    ("2026-03-31T14:04:05-05:30", 1_774_985_645, "2026-03-31T19:34:05Z"),
    ("2026-03-31T19:34:05-00:00", 1_774_985_645, "2026-03-31T19:34:05Z"),
    ("2026-01-01T00:30:00+01:00", 1_767_223_800, "2025-12-31T23:30:00Z"),
    ("2025-12-31T23:30:00-01:00", 1_767_227_400, "2026-01-01T00:30:00Z"),
    // 2000 is a leap year, 1900 and 2100 are none, 2024 is one.
    ("2000-02-29T12:00:00Z", 951_825_600, nil),
    ("2024-02-29T00:00:00Z", 1_709_164_800, nil),
    ("2024-03-01T00:00:00Z", 1_709_251_200, nil),
    ("1900-03-01T00:00:00Z", -2_203_891_200, nil),
    ("2100-02-28T23:59:59Z", 4_107_542_399, nil),
    ("2100-03-01T00:00:00Z", 4_107_542_400, nil),
    ("0000-01-01T00:00:00Z", -62_167_219_200, nil),
    ("0000-02-29T00:00:00Z", -62_162_121_600, nil),
    ("0001-01-01T00:00:00Z", -62_135_596_800, nil),
    ("1582-10-10T00:00:00Z", -12_219_724_800, nil),
    ("9999-12-31T23:59:59Z", 253_402_300_799, nil),
    ("1969-12-31T23:59:59.5Z", -0.5, nil),
    ("1999-12-31T23:59:60Z", 946_684_800, "2000-01-01T00:00:00Z"),
  ]

  @Test(arguments: table)
  func reads(_ text: String, _ seconds: Double, _ written: String?) throws {
    let date = try #require(RFC3339.date(from: text))
    #expect(date == Date(timeIntervalSince1970: seconds))
    #expect(RFC3339.string(from: date) == written ?? text)
  }

  @Test(arguments: [
    "", "Z", "2026", "2026-03-31", "2026-03-31T19:34:05", "2026-03-31T19:34Z", "2026-03-31T19:34:05.Z",
    "2026-03-31T19:34:05.1", "2026-3-31T19:34:05Z", "26-03-31T19:34:05Z", "02026-03-31T19:34:05Z",
    "-001-01-01T00:00:00Z",
    "+026-03-31T19:34:05Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
    "2026-01-32T00:00:00Z", "2026-02-29T00:00:00Z", "2024-02-30T00:00:00Z", "1900-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z",
    "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+01", "2026-01-01T00:00:00+01:60",
    "2026-01-01T00:00:00ZZ", " 2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z ", "2026-01-01T00:00:00.1e5Z",
    "2026-01-01T00:00:00,5Z", "２０２６-01-01T00:00:00Z", "2026/01/01T00:00:00Z",
  ])
  func refuses(_ text: String) {
    #expect(RFC3339.date(from: text) == nil)
  }

  /// Equal dates give equal bytes, and the other way round: not one bit is lost.
  @Test func everyDateOfOurTimeComesBackAsItWas() throws {
    var bits = (796_000_000.0).bitPattern
    for step in 0..<5_000 {
      let date = Date(timeIntervalSinceReferenceDate: Double(bitPattern: bits))
      let text = try #require(RFC3339.string(from: date))
      #expect(RFC3339.date(from: text) == date, "\(text)")
      bits += UInt64(step) * 7_919 + 1
    }
  }

  @Test func fractions() throws {
    for (fraction, text) in [(0.999_999_9, ".9999999"), (0.5, ".5"), (0.000_001, ".000001"), (0.1, ".1")] {
      let date = Date(timeIntervalSinceReferenceDate: fraction)
      #expect(RFC3339.string(from: date) == "2001-01-01T00:00:00\(text)Z")
      #expect(RFC3339.date(from: try #require(RFC3339.string(from: date))) == date)
    }
    // Rounded up to the next second.
    let last = Date(timeIntervalSinceReferenceDate: 1.0.nextDown)
    #expect(RFC3339.string(from: last) == "2001-01-01T00:00:01Z")
  }

  @Test func manyDigits() throws {
    let date = try #require(RFC3339.date(from: "2001-01-01T00:00:00.12345678901234567890Z"))
    #expect(abs(date.timeIntervalSinceReferenceDate - 0.123456789) < 1e-9)
  }

  /// Beyond what four digits can say comes the nearest that they can.
  @Test func beyondTheFormat() {
    #expect(RFC3339.string(from: Date(timeIntervalSince1970: 1e15)) == "9999-12-31T23:59:59Z")
    #expect(RFC3339.string(from: Date(timeIntervalSince1970: -1e15)) == "0000-01-01T00:00:00Z")
  }
}
