import Foundation
import Testing

/// The type of the values that the Go implementation wrote.
struct GoRecord: Codable, Equatable, Sendable {
  var text = ""
  var number: Int64 = 0
  var fraction = 0.0
  var flag = false
  var time: Date?
  var labels: [String: String]?
  var list: [String]?

  enum CodingKeys: String, CodingKey {
    case text = "some_field"
    case number = "n"
    case fraction = "f"
    case flag = "b"
    case time = "t"
    case labels
    case list = "a"
  }

  init() {}

  /// As Go reads it: what is missing is zero.
  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    text = try container.decodeIfPresent(String.self, forKey: .text) ?? ""
    number = try container.decodeIfPresent(Int64.self, forKey: .number) ?? 0
    fraction = try container.decodeIfPresent(Double.self, forKey: .fraction) ?? 0
    flag = try container.decodeIfPresent(Bool.self, forKey: .flag) ?? false
    time = try container.decodeIfPresent(Date.self, forKey: .time)
    labels = try container.decodeIfPresent([String: String].self, forKey: .labels)
    list = try container.decodeIfPresent([String].self, forKey: .list)
  }
}

/// One value as the Go implementation stored it.
struct GoStoredValue: Decodable, Sendable, CustomTestStringConvertible {
  var name: String
  /// The value's JSON, as Go encodes it.
  var json: Data
  /// What was in the store.
  var stored: Data
  var isCompressed: Bool

  var testDescription: String { name }

  enum CodingKeys: String, CodingKey {
    case name
    case json = "json_base64"
    case stored = "stored_base64"
    case isCompressed = "gzip"
  }

  /// All of them, from the resources beside the tests.
  static func all() throws -> [GoStoredValue] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let file = folder.appending(path: "Resources/go-stored-values.json")
    return try JSONDecoder().decode([GoStoredValue].self, from: Data(contentsOf: file))
  }
}
