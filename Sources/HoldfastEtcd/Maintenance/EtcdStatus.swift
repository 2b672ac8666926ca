public import HoldfastCore
import HoldfastEtcdProtos

/// The state of one member, as it tells it.
public struct EtcdStatus: Hashable, Sendable {
  public var header: ResponseHeader
  /// The server's version, such as `3.5.1`.
  public var version: String
  /// Bytes of the database file, and those of them that hold something: the rest is what defragmenting frees.
  public var databaseSize: Int64
  public var databaseSizeInUse: Int64
  /// The most bytes that the database may have; nil from servers before 3.6, which do not tell.
  public var databaseQuota: Int64?
  /// The id of the member that leads; nil when it knows none.
  public var leader: UInt64?
  public var raftTerm: UInt64
  /// The last entry of the log that the member has committed, and the last that it has applied: how far it lags behind.
  public var raftIndex: UInt64
  public var raftAppliedIndex: UInt64
  public var isLearner: Bool
  /// What the member complains about: alarms, a missing leader.
  public var errors: [String]

  /// The member that this is about.
  public var memberID: UInt64 { header.memberID }
  public var isLeader: Bool { leader == header.memberID }
}

extension EtcdStatus {
  init(_ answer: Etcdserverpb_StatusResponse) throws {
    self.init(
      header: try ResponseHeader(answer.hasHeader ? answer.header : nil), version: answer.version,
      databaseSize: answer.dbSize, databaseSizeInUse: answer.dbSizeInUse,
      databaseQuota: answer.dbSizeQuota > 0 ? answer.dbSizeQuota : nil,
      leader: answer.leader == 0 ? nil : answer.leader, raftTerm: answer.raftTerm, raftIndex: answer.raftIndex,
      raftAppliedIndex: answer.raftAppliedIndex, isLearner: answer.isLearner, errors: answer.errors)
  }
}
