/// A half-open interval of keys, `start ..< end`; without an end it goes on to the last key there is.
public struct KeyRange: Hashable, Sendable {
  /// The first key of the range.
  public let start: Key
  /// The first key after the range, or nil when the range is open.
  public let end: Key?

  public init(start: Key, end: Key?) {
    self.start = start
    self.end = end
  }

  /// The one key.
  public static func key(_ key: Key) -> KeyRange { KeyRange(start: key, end: key.successor) }

  /// Every key that begins with these bytes; an empty prefix is every key. `/a/1` covers `/a/10` too: end it with a
  /// separator to mean a folder.
  public static func prefix(_ prefix: Key) -> KeyRange { KeyRange(start: prefix, end: prefix.prefixEnd) }

  /// Every key that is not smaller than this one.
  public static func from(_ key: Key) -> KeyRange { KeyRange(start: key, end: nil) }

  /// Every key.
  public static var all: KeyRange { KeyRange(start: Key(bytes: []), end: nil) }

  /// Whether the range is exactly one key.
  public var isSingleKey: Bool {
    guard let end, end.bytes.count == start.bytes.count + 1 else { return false }
    return end.bytes.last == 0 && end.hasPrefix(start)
  }

  /// Whether no key can be in it.
  public var isEmpty: Bool { end.map { $0 <= start } ?? false }

  public func contains(_ key: Key) -> Bool {
    guard key >= start else { return false }
    return end.map { key < $0 } ?? true
  }

  /// Whether every key of the other range is in this one.
  public func contains(_ other: KeyRange) -> Bool {
    if other.isEmpty { return true }
    guard other.start >= start else { return false }
    guard let end else { return true }
    return other.end.map { $0 <= end } ?? false
  }

  public func overlaps(_ other: KeyRange) -> Bool {
    !isEmpty && !other.isEmpty && (end.map { other.start < $0 } ?? true) && (other.end.map { start < $0 } ?? true)
  }

  /// The keys that are in both, or nil when there are none.
  public func intersection(_ other: KeyRange) -> KeyRange? {
    guard overlaps(other) else { return nil }
    let ends = [end, other.end].compactMap { $0 }
    return KeyRange(start: max(start, other.start), end: ends.min())
  }
}

extension KeyRange: CustomStringConvertible {
  public var description: String {
    if isSingleKey { return start.description }
    if let end, end == start.prefixEnd { return "\(start)*" }
    if start.isEmpty && end == nil { return "every key" }
    return "[\(start), \(end.map { "\($0)" } ?? "…"))"
  }
}
