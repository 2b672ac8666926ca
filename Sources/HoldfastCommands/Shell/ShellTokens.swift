import Holdfast

/// Reads the words of a line: bare ones up to the next blank, or quoted with escapes. Pure, and indifferent to what bytes a
/// line holds.
struct ShellTokens {
  private var rest: ArraySlice<UInt8>

  init(_ line: [UInt8]) {
    rest = line[...]
    skipBlanks()
  }

  var isAtEnd: Bool { rest.isEmpty }

  /// The next word, nil at the end of the line.
  mutating func next() throws -> Key? {
    skipBlanks()
    guard let first = rest.first else { return nil }
    if first == UInt8(ascii: "\"") { return try quoted() }
    let word = rest.prefix { !$0.isBlank }
    rest = rest[word.endIndex...]
    return Key(bytes: word)
  }

  /// The rest of the line as it is, after the one blank that ends the last word; nil when there is not even that blank.
  mutating func value() -> [UInt8]? {
    guard rest.first?.isBlank == true else { return nil }
    defer { rest = [] }
    return Array(rest.dropFirst())
  }

  private mutating func skipBlanks() { rest = rest.drop(while: \.isBlank) }

  private mutating func quoted() throws -> Key {
    rest.removeFirst()
    var bytes: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""):
        guard rest.first?.isBlank ?? true else { throw refusal("a closing quote must be followed by a blank") }
        return Key(bytes: bytes)
      case UInt8(ascii: "\\"): bytes.append(try escaped())
      default: bytes.append(byte)
      }
    }
    throw refusal("a quote is not closed")
  }

  private mutating func escaped() throws -> UInt8 {
    switch rest.popFirst() {
    case UInt8(ascii: "\""): return UInt8(ascii: "\"")
    case UInt8(ascii: "\\"): return UInt8(ascii: "\\")
    case UInt8(ascii: "n"): return 0x0A
    case UInt8(ascii: "r"): return 0x0D
    case UInt8(ascii: "t"): return 0x09
    case UInt8(ascii: "x"):
      let digits = rest.prefix(2)
      guard digits.count == 2, digits.allSatisfy(\.isHexadecimalDigit),
        let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
      else { throw refusal("\\x needs two hexadecimal digits") }
      rest = rest.dropFirst(2)
      return byte
    default: throw refusal("only \\\" \\\\ \\n \\r \\t and \\xNN can be escaped")
    }
  }

  private func refusal(_ message: String) -> HoldfastError { HoldfastError(.invalidArgument, message) }
}

extension UInt8 {
  fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }

  fileprivate var isHexadecimalDigit: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }
}
