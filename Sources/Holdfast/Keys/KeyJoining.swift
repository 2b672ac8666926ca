extension Key {
  /// The byte between the parts of a key: `/`.
  package static let separator = UInt8(ascii: "/")

  /// Joins parts to one key with slashes: `["acme", "jobs", "42"]` gives `/acme/jobs/42`.
  ///
  /// - Throws: ``HoldfastError`` with code `invalidArgument` when a part is empty, is `.` or `..`, or holds a slash: parts
  ///   often come from users, and none of them may reach into another folder.
  public static func joining(_ parts: [some KeyRepresentable]) throws -> Key {
    guard !parts.isEmpty else { throw HoldfastError(.invalidArgument, "a key needs at least one part") }
    var bytes: [UInt8] = []
    for part in parts {
      let part = part.key
      try part.checkPart()
      bytes.append(separator)
      bytes += part.bytes
    }
    return Key(bytes: bytes)
  }

  public static func joining(_ parts: String...) throws -> Key { try joining(parts) }

  /// Joins parts to a prefix, which ends in a slash: `["acme", "jobs"]` gives `/acme/jobs/`. It throws as ``joining(_:)-([_])``.
  public static func prefix(joining parts: [some KeyRepresentable]) throws -> Key { try joining(parts).asFolder }

  public static func prefix(joining parts: String...) throws -> Key { try joining(parts).asFolder }

  /// The one rule for prefixes, in memory and in the store: they end in a slash, which is added where it is missing. So the
  /// prefix `/a/1` means what is below it, and never `/a/10`. The empty prefix means everything.
  public var asFolder: Key {
    isEmpty || bytes.last == Key.separator ? self : Key(bytes: bytes + [Key.separator])
  }

  /// Refuses what no part of a key may be.
  fileprivate func checkPart() throws {
    if isEmpty { throw HoldfastError(.invalidArgument, "a part of a key is empty") }
    if bytes == Array(".".utf8) || bytes == Array("..".utf8) {
      throw HoldfastError(.invalidArgument, "a part of a key is '\(self)', which is not allowed")
    }
    if bytes.contains(Key.separator) {
      throw HoldfastError(.invalidArgument, "a part of a key holds a slash: '\(self)'; join its parts one by one")
    }
  }

  /// Refuses keys that a keyspace must not write: empty ones, and those with an empty, `.` or `..` part.
  package func checkRelative(below prefix: Key) throws {
    do {
      guard !isEmpty else { throw HoldfastError(.invalidArgument, "the key is empty") }
      for part in bytes.split(separator: Key.separator, omittingEmptySubsequences: false) {
        try Key(bytes: part).checkPart()
      }
    } catch {
      throw HoldfastError(
        .invalidArgument, "no value can be stored under '\(prefix)\(self)': \(HoldfastError(wrapping: error).message)",
        key: prefix.appending(self), outcome: .refused)
    }
  }
}
