/// A condition of a transaction, on one key or on every key of a range.
///
/// A key that does not exist compares as version, create revision, mod revision and lease 0; a compare of its value fails.
/// On a range without keys etcd compares one such absent key, named by the range's start.
public struct Compare: Hashable, Sendable {
  public enum Relation: Sendable { case equal, notEqual, greater, less }

  public enum Target: Hashable, Sendable {
    case version(Int64)
    case createRevision(Revision)
    case modRevision(Revision)
    case value([UInt8])
    case lease(LeaseID?)
  }

  public var range: KeyRange
  public var relation: Relation
  public var target: Target

  public init(_ range: KeyRange, _ target: Target, _ relation: Relation = .equal) {
    self.range = range
    self.relation = relation
    self.target = target
  }

  public init(key: Key, _ target: Target, _ relation: Relation = .equal) {
    self.init(.key(key), target, relation)
  }

  /// Whether the condition holds for what one key holds, nil for a key that does not exist.
  public func holds(for keyValue: KeyValue?) -> Bool {
    switch target {
    case .version(let wanted): compare(keyValue?.version ?? 0, wanted)
    case .createRevision(let wanted): compare(keyValue?.createRevision ?? .zero, wanted)
    case .modRevision(let wanted): compare(keyValue?.modRevision ?? .zero, wanted)
    case .lease(let wanted): compare(keyValue?.lease?.rawValue ?? 0, wanted?.rawValue ?? 0)
    // Bytes order as keys do.
    case .value(let wanted): keyValue.map { compare(Key(bytes: $0.value), Key(bytes: wanted)) } ?? false
    }
  }

  private func compare<T: Comparable>(_ actual: T, _ wanted: T) -> Bool {
    switch relation {
    case .equal: actual == wanted
    case .notEqual: actual != wanted
    case .greater: actual > wanted
    case .less: actual < wanted
    }
  }
}

extension Compare: CustomStringConvertible {
  /// The condition in words, without the value: `version = 1`.
  public var description: String {
    let sign =
      switch relation {
      case .equal: "="
      case .notEqual: "≠"
      case .greater: ">"
      case .less: "<"
      }
    return switch target {
    case .version(let version): "version \(sign) \(version)"
    case .createRevision(.zero) where relation == .equal: "must not exist"
    case .createRevision(.zero) where relation == .greater: "must exist"
    case .createRevision(let revision): "create revision \(sign) \(revision)"
    case .modRevision(let revision): "mod revision \(sign) \(revision)"
    case .value(let value): "value \(sign) \(value.count) given bytes"
    case .lease(let lease): "lease \(sign) \(lease.map { "\($0)" } ?? "none")"
    }
  }
}
