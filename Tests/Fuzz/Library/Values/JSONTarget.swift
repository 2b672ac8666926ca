import Holdfast

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension FuzzTarget {
  /// Any bytes as the stored value of every shape of type: a value that comes back as it was, or `decodingFailed`.
  static let json = FuzzTarget("json", seeds: documents, words: words) { bytes in
    try check(bytes, as: HostileRecord.self)
    try check(bytes, as: Tree.self)
    try check(bytes, as: [String: [Double]].self)
    try check(bytes, as: [Int64?].self)
    try check(bytes, as: String.self)
  }

  private static func check<Value: Codable & Hashable & Sendable>(_ bytes: [UInt8], as type: Value.Type) throws {
    let codec = JSONCodec<Value>(maximumInflatedBytes: 1 << 16)
    let keyspace = Keyspace<Value>(prefix: "/p/", codec: codec) { _ in "x" }
    let value: Value
    do {
      value = try keyspace.decode(
        KeyValue(key: "/p/x", value: bytes, createRevision: 1, modRevision: 1, version: 1)
      ).value
    } catch let error as HoldfastError {
      try promise(error.code == .decodingFailed && error.key == "/p/x", "\(error)")
      // The message may name a field, never more of what was stored.
      return try promise(error.description.utf8.count < 400, "an error of \(error.description.utf8.count) bytes")
    }
    let stored = try codec.encode(value)
    let again = try codec.decode(stored)
    try promise(again == value, "\(type) comes back as something else")
    try promise(try codec.encode(again) == stored, "equal values of \(type) give different bytes")
  }

  private static let words = [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0000", "\\uD800", "\\uDC00", "null", "true", "1e999", "-0", "0.1",
    "1E-400", "9223372036854775808", "18446744073709551616", "\u{FEFF}", "\"children\":[", "\"text\":", "\"date\":",
    "\"2026-03-31T19:34:05.25Z\"", "\"0000-01-01T00:00:00Z\"", "\"9999-12-31T23:59:60Z\"", "\u{1F}",
  ]

  private static let documents: [[UInt8]] = {
    let record = """
      {"text":"a/b \\u00e9 \\ud83c\\udf0a","count":42,"ratio":0.1,"on":true,"date":"2026-03-31T19:34:05.25Z","tags":["x"],\
      "labels":{"k":-1},"small":255,"data":"AAEC","kind":"holdfast"}
      """
    var documents = [
      record, "{\"children\":[{\"children\":[]},{\"children\":[{\"children\":[]}]}]}", "{\"a\":[1,2.5e10],\"b\":[]}",
      "[1,null,-9223372036854775808]", "\"text\"       ", "{}        ", "null",
    ].map { Array($0.utf8) }
    for (open, close) in [("[", "]"), ("{\"children\":[", "]}"), ("{\"a\":", "}")] {
      for depth in [100, 511, 512, 513, 20_000] {
        documents.append(Array((repeating(open, depth) + repeating(close, depth)).utf8))
      }
      documents.append(Array(repeating(open, 5_000).utf8))
    }
    let long = HostileRecord(text: String(repeating: "kelp ", count: 600))
    if let stored = try? JSONCodec<HostileRecord>().encode(long) { documents.append(stored) }
    return documents
  }()

  private static func repeating(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }
}

/// Every kind of field.
struct HostileRecord: Codable, Hashable, Sendable {
  enum Kind: String, Codable { case holdfast, kelp }

  var text = ""
  var count: Int?
  var ratio: Double?
  var on: Bool?
  var date: FoundationDate?
  var tags: [String]?
  var labels: [String: Int]?
  var small: UInt8?
  var data: Data?
  var kind: Kind?
}

/// A type as deep as what is stored says.
struct Tree: Codable, Hashable, Sendable {
  var children: [Tree]
}

/// A date that is compared as it is stored: beyond the years that RFC 3339 has, dates come back as the last that it can say.
struct FoundationDate: Codable, Hashable, Sendable {
  var date: Date

  init(from decoder: any Decoder) throws { date = try decoder.singleValueContainer().decode(Date.self) }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(date)
  }

  private var bounded: Double { min(max(date.timeIntervalSince1970.rounded(), -62_167_219_200), 253_402_300_799) }

  static func == (lhs: Self, rhs: Self) -> Bool { lhs.bounded == rhs.bounded }
  func hash(into hasher: inout Hasher) { hasher.combine(bounded) }
}
