import Holdfast

extension FuzzTarget {
  /// Any bytes as keys and as parts of keys: order, prefixes, ranges, joining, and what is shown of them.
  static let keys = FuzzTarget("keys", seeds: keySeeds, words: ["/", "..", ".", "\\", "\u{0}", "\u{202E}", "é"]) {
    bytes in
    var input = FuzzInput(bytes)
    let parts = (0..<input.below(5)).map { _ in Key(bytes: input.bytes(input.below(6))) }
    let (key, other) = (Key(bytes: input.bytes(input.below(9))), Key(bytes: input.bytes(input.below(9))))
    try checkJoining(parts)
    try checkOrder(key, other)
    try checkRanges(KeyRange(start: key, end: input.oneIn(3) ? nil : other), parts, key)
    try checkDescription(key)
    try checkFolder(key, below: other)
  }

  private static let keySeeds: [[UInt8]] = [
    [3, 2, 0x61, 0x62, 2, 0x2E, 0x2E, 1, 0x2F, 4, 0x2F, 0x61, 0xFF, 0xFF, 3, 0x2F, 0x61, 0xFF],
    [2, 1, 0x61, 1, 0x62, 2, 0xFF, 0xFF, 2, 0xFF, 0xFF], [4, 0, 1, 0x2E, 1, 0x5C, 1, 0, 0, 1, 0],
  ]

  private static func checkJoining(_ parts: [Key]) throws {
    let isGood =
      !parts.isEmpty && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && !$0.bytes.contains(0x2F) }
    let joined = try? Key.joining(parts)
    try promise((joined != nil) == isGood, "\(parts) are joined to \(joined as Any)")
    guard let joined else { return }
    let again = joined.bytes.split(separator: 0x2F, omittingEmptySubsequences: false).dropFirst().map { Key(bytes: $0) }
    try promise(again == parts, "\(parts) are joined to \(joined)")
    let folder = try Key.prefix(joining: parts)
    try promise(folder == joined.asFolder && folder.asFolder == folder, "the folder of \(parts) is \(folder)")
  }

  private static func checkOrder(_ key: Key, _ other: Key) throws {
    try promise(
      (key < other) == key.bytes.lexicographicallyPrecedes(other.bytes), "\(key) and \(other) are out of order")
    try promise(key < key.successor && key.successor.dropping(prefix: key) == Key(bytes: [0]), "what follows \(key)")
    try promise(KeyRange.key(key).contains(other) == (key == other), "\(key) as a range holds \(other)")
    try promise(KeyRange.prefix(key).contains(other) == other.hasPrefix(key), "\(key) as a prefix holds \(other)")
    try promise(
      other.dropping(prefix: key).map { key.appending($0) == other } ?? !other.hasPrefix(key), "dropping \(key)")
  }

  private static func checkRanges(_ range: KeyRange, _ keys: [Key], _ key: Key) throws {
    let second = KeyRange.prefix(key)
    let both = range.intersection(second)
    for probe in keys + [key, key.successor] {
      let isInside = range.contains(probe) && second.contains(probe)
      try promise((both?.contains(probe) ?? false) == isInside, "\(probe) in \(range) and \(second)")
      if range.isEmpty { try promise(!range.contains(probe), "an empty range holds \(probe)") }
      if range.contains(second) {
        try promise(!second.contains(probe) || range.contains(probe), "\(second) in \(range)")
      }
    }
    try promise((both != nil) == range.overlaps(second), "\(range) and \(second) overlap")
    if let both { try promise(range.contains(both) && second.contains(both), "\(both) is not in both") }
    _ = range.description
  }

  /// What is shown can be read back, so no two keys look alike; and nothing in it is for a terminal to act on.
  private static func checkDescription(_ key: Key) throws {
    var bytes: [UInt8] = []
    var rest = Array(key.description.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == 0x5C else {
        bytes.append(byte)
        continue
      }
      guard rest.popFirst() == UInt8(ascii: "x") else {
        bytes.append(0x5C)
        continue
      }
      bytes += [UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0]
      rest = rest.dropFirst(2)
    }
    try promise(bytes == key.bytes, "\(key) is shown for \(key.bytes)")
    try promise(
      key.description.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }, "\(key) has controls")
  }

  /// A key below a folder stays below it.
  private static func checkFolder(_ key: Key, below prefix: Key) throws {
    let folder = prefix.asFolder
    guard (try? key.checkRelative(below: folder)) != nil else { return }
    let parts = key.bytes.split(separator: 0x2F, omittingEmptySubsequences: false).map { Key(bytes: $0) }
    try promise(!parts.contains { $0.isEmpty || $0 == "." || $0 == ".." }, "\(key) was let through")
    try promise(KeyRange.prefix(folder).contains(folder.appending(key)), "\(key) is not below \(folder)")
  }
}
