/// What every answer of a store says about the store.
public struct ResponseHeader: Hashable, Sendable {
  public var clusterID: UInt64
  public var memberID: UInt64
  /// The store's revision when it made the answer; for a write that changed something, the revision of that change.
  public var revision: Revision
  public var raftTerm: UInt64

  public init(clusterID: UInt64 = 0, memberID: UInt64 = 0, revision: Revision, raftTerm: UInt64 = 0) {
    self.clusterID = clusterID
    self.memberID = memberID
    self.revision = revision
    self.raftTerm = raftTerm
  }
}
