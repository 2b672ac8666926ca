/// Reads the keys of a range.
public struct RangeRequest: Hashable, Sendable {
  public enum SortTarget: Sendable { case key, version, createRevision, modRevision, value }
  public enum SortOrder: Sendable { case none, ascending, descending }

  public var range: KeyRange
  /// At most so many keys; 0 for all. The answer's `more` and `count` tell of the rest.
  public var limit: Int64 = 0
  /// The state at this revision; nil for the newest. Below the compaction point `compacted`, beyond the newest
  /// `futureRevision`.
  public var revision: Revision?
  public var sortTarget: SortTarget = .key
  /// With `.none` keys come in key order, unless the sort target is another one, which etcd then sorts ascending.
  public var sortOrder: SortOrder = .none
  /// Answer from the member's own state, without a quorum: faster, and possibly stale.
  public var serializable = false
  public var keysOnly = false
  public var countOnly = false
  /// Leave out keys outside of these bounds. They do not change the answer's `count`.
  public var minModRevision: Revision?
  public var maxModRevision: Revision?
  public var minCreateRevision: Revision?
  public var maxCreateRevision: Revision?

  public init(_ range: KeyRange) { self.range = range }
}

public struct RangeResponse: Hashable, Sendable {
  public var header: ResponseHeader
  public var keyValues: [KeyValue]
  /// Whether the limit left keys out.
  public var more: Bool
  /// How many keys the range holds, regardless of limit and revision bounds.
  public var count: Int64

  public init(header: ResponseHeader, keyValues: [KeyValue], more: Bool = false, count: Int64) {
    self.header = header
    self.keyValues = keyValues
    self.more = more
    self.count = count
  }
}
