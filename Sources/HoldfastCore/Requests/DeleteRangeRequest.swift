/// Deletes every key of a range.
public struct DeleteRangeRequest: Hashable, Sendable {
  public var range: KeyRange
  /// Return what the keys held.
  public var previous: Bool

  public init(_ range: KeyRange, previous: Bool = false) {
    self.range = range
    self.previous = previous
  }
}

public struct DeleteRangeResponse: Hashable, Sendable {
  /// Deleting nothing makes no new revision: the header carries the current one then.
  public var header: ResponseHeader
  /// How many keys were deleted.
  public var deleted: Int64
  /// What they held, when it was asked for.
  public var previous: [KeyValue]

  public init(header: ResponseHeader, deleted: Int64, previous: [KeyValue] = []) {
    self.header = header
    self.deleted = deleted
    self.previous = previous
  }
}
