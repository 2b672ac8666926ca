import Holdfast

/// What one line of the shell asks for. Keys and prefixes are relative to the shell's prefix.
enum ShellLine: Equatable {
  case get(Key)
  case storeGet(Key)
  case list(Key)
  case put(Key, [UInt8])
  case create(Key, [UInt8])
  case update(Key, Revision, [UInt8])
  case delete(Key, Revision?)
  case deletePrefix(Key)
  case begin
  case commit
  case abort
  case wait(Revision, seconds: Double)
  case health
  case size
  case stop
  case start
  case help

  /// The commands in the words of the help, in order.
  static let usage = [
    "get K", "list [P]", "put K V", "create K V", "update K REV V", "delete K [REV]", "delete-prefix P", "txn",
    "commit",
    "abort", "store-get K", "wait REV [SECONDS]", "health", "size", "stop", "start", "help",
  ]

  /// Parses a line; nil for an empty one and for a comment (`# …`).
  ///
  /// - Throws: ``HoldfastError`` with code `invalidArgument` that says what is wrong.
  static func parse(_ line: [UInt8]) throws -> ShellLine? {
    var tokens = ShellTokens(line)
    if tokens.isAtEnd || line.first(where: { $0 != 0x20 && $0 != 0x09 }) == UInt8(ascii: "#") { return nil }
    guard let name = try tokens.next() else { return nil }
    var arguments = Arguments(command: name, tokens: tokens)
    let parsed: ShellLine
    switch name {
    case "get": parsed = .get(try arguments.key())
    case "store-get": parsed = .storeGet(try arguments.key())
    case "list": parsed = .list(try arguments.optional() ?? "")
    case "put": parsed = .put(try arguments.key(), try arguments.value())
    case "create": parsed = .create(try arguments.key(), try arguments.value())
    case "update": parsed = .update(try arguments.key(), try arguments.revision(), try arguments.value())
    case "delete": parsed = .delete(try arguments.key(), try arguments.optionalRevision())
    case "delete-prefix": parsed = .deletePrefix(try arguments.word("a prefix"))
    case "txn": parsed = .begin
    case "commit": parsed = .commit
    case "abort": parsed = .abort
    case "wait": parsed = .wait(try arguments.revision(), seconds: try arguments.seconds() ?? 10)
    case "health": parsed = .health
    case "size": parsed = .size
    case "stop": parsed = .stop
    case "start": parsed = .start
    case "help": parsed = .help
    default: throw HoldfastError(.invalidArgument, "there is no command '\(name.shortened)'; help lists them")
    }
    try arguments.end()
    return parsed
  }

  /// The arguments of one command, in order.
  private struct Arguments {
    let command: Key
    var tokens: ShellTokens

    mutating func optional() throws -> Key? { try tokens.next() }

    mutating func word(_ what: String) throws -> Key {
      guard let word = try tokens.next() else { throw refusal("needs \(what)") }
      return word
    }

    mutating func key() throws -> Key {
      let key = try word("a key")
      if key.isEmpty { throw refusal("needs a key that is not empty") }
      return key
    }

    /// The rest of the line, to its very end.
    mutating func value() throws -> [UInt8] {
      guard let value = tokens.value() else { throw refusal("needs a value") }
      return value
    }

    mutating func revision() throws -> Revision { try revision(try word("a revision")) }
    mutating func optionalRevision() throws -> Revision? { try tokens.next().map(revision) }

    private func revision(_ word: Key) throws -> Revision {
      guard let number = word.string.flatMap({ Int64($0) }), number >= 0 else {
        throw refusal("needs a revision, and '\(word.shortened)' is none")
      }
      return Revision(number)
    }

    mutating func seconds() throws -> Double? {
      guard let word = try tokens.next() else { return nil }
      guard let seconds = word.string.flatMap({ Double($0) }), seconds >= 0, seconds <= 1_000_000_000 else {
        throw refusal("needs a number of seconds, and '\(word.shortened)' is none")
      }
      return seconds
    }

    mutating func end() throws {
      if let rest = try tokens.next() { throw refusal("does not take '\(rest.shortened)'") }
    }

    private func refusal(_ what: String) -> HoldfastError { HoldfastError(.invalidArgument, "\(command) \(what)") }
  }
}

extension Key {
  /// As much of it as belongs into a message.
  fileprivate var shortened: String { bytes.count > 60 ? "\(Key(bytes: bytes.prefix(60)))…" : description }
}
