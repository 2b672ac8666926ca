public import HoldfastCore
import HoldfastEtcdMachines
import HoldfastEtcdProtos

extension EtcdBackend {
  /// The state of the member that serves calls.
  public func status() async throws(HoldfastError) -> BackendStatus {
    try await caller.call(.status, Etcdserverpb_StatusRequest(), .read, timeout: configuration.requestTimeout) {
      (answer: Etcdserverpb_StatusResponse) in
      BackendStatus(
        header: try ResponseHeader(answer.hasHeader ? answer.header : nil), version: answer.version,
        databaseSize: answer.dbSize, databaseSizeInUse: answer.dbSizeInUse, leader: answer.leader,
        isLearner: answer.isLearner, errors: answer.errors)
    }
  }

  /// The members of the cluster, as the member that serves calls knows them.
  ///
  /// - Throws: ``HoldfastError``; it is a read, so without an outcome.
  public func members() async throws -> [EtcdMember] {
    try await caller.call(.members, Etcdserverpb_MemberListRequest(), .read, timeout: configuration.requestTimeout) {
      (answer: Etcdserverpb_MemberListResponse) in
      answer.members.map {
        EtcdMember(id: $0.id, name: $0.name, clientURLs: $0.clientUrls, isLearner: $0.isLearner)
      }
    }
  }
}

/// A member of an etcd cluster.
public struct EtcdMember: Hashable, Sendable {
  public var id: UInt64
  /// Empty as long as the member has not started for the first time.
  public var name: String
  /// Where clients reach it.
  public var clientURLs: [String]
  /// Whether it only learns: it has no vote and answers no linearizable reads.
  public var isLearner: Bool
}
