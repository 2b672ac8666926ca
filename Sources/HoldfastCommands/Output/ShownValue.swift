import Holdfast

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A stored value as people want to see it: what a keyspace's JSON codec has compressed is shown inflated.
struct ShownValue: Equatable {
  let bytes: [UInt8]

  /// A few hostile kilobytes must not fill the memory; beyond it the bytes are shown as they are stored.
  private static let inflatedLimit = 64 << 20

  /// - Parameter isRaw: Whether to show the bytes as they are stored.
  init(_ stored: [UInt8], isRaw: Bool) {
    guard !isRaw, Gzip.isCompressed(stored), let inflated = try? Gzip.decompress(stored, limit: Self.inflatedLimit)
    else {
      bytes = stored
      return
    }
    bytes = inflated
  }

  var string: String? { String(validating: bytes, as: UTF8.self) }

  /// The value on one line, without anything that a terminal would act on.
  var oneLine: String {
    guard let string else { return "(\(bytes.count) bytes, not text)" }
    return escaped(string) { _ in false }
  }

  /// The value as a terminal may show it, with its line ends and tabs.
  var lines: String {
    string.map { escaped($0) { $0 == "\n" || $0 == "\t" } } ?? oneLine
  }

  private func escaped(_ string: String, keeping: (Unicode.Scalar) -> Bool) -> String {
    string.unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar {
      case _ where keeping(scalar): text.unicodeScalars.append(scalar)
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.isUnprintable: text += "\\u{\(hexadecimal(scalar.value, digits: 1))}"
      default: text.unicodeScalars.append(scalar)
      }
    }
  }

  /// `value`, or `valueBase64` for what is no text.
  var members: [String: JSONValue] {
    string.map { ["value": .string($0)] } ?? ["valueBase64": .string(Data(bytes).base64EncodedString())]
  }
}

extension Key {
  /// `name`, with the bytes beside it as `nameBase64` when they are no text.
  func members(_ name: String) -> [String: JSONValue] {
    if let string { return [name: .string(string)] }
    return [name: .string(description), name + "Base64": .string(Data(bytes).base64EncodedString())]
  }
}
