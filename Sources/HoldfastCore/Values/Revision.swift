/// A revision of the store: a counter that every committed transaction raises by one, for all keys together.
///
/// Only a key's `modRevision` orders changes; the revision in a response's header is that of the store when it answered.
public struct Revision: RawRepresentable, Hashable, Comparable, Sendable {
  public let rawValue: Int64

  public init(rawValue: Int64) { self.rawValue = rawValue }
  public init(_ rawValue: Int64) { self.rawValue = rawValue }

  /// Before every change. As a key's mod revision in a compare it means: there is no such key.
  public static let zero = Revision(0)

  public var next: Revision { Revision(rawValue &+ 1) }
  public var previous: Revision { Revision(rawValue &- 1) }

  public static func < (lhs: Revision, rhs: Revision) -> Bool { lhs.rawValue < rhs.rawValue }
}

extension Revision: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: Int64) { self.init(value) }
}

extension Revision: Codable {
  public init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(Int64.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }
}

extension Revision: CustomStringConvertible {
  public var description: String { "\(rawValue)" }
}
