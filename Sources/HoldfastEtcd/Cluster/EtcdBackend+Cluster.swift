public import HoldfastCore
import HoldfastEtcdMachines
import HoldfastEtcdProtos

extension EtcdBackend {
  /// The members of the cluster, and changing them.
  public var cluster: Cluster { Cluster(etcd: self) }

  /// The members of the cluster, and changing them: one at a time, each change agreed on by a majority.
  ///
  /// Every change throws ``HoldfastError`` with an outcome. `refused` with `unavailable` means that too few members are well
  /// for the change (etcd: "unhealthy cluster", "not enough started members"); of an `unknown` one ``members(linearizable:)`` tells.
  /// Calls take at most ``EtcdConfiguration/requestTimeout``.
  public struct Cluster: Sendable {
    let etcd: EtcdBackend

    /// The members, in the order of their ids.
    ///
    /// - Parameter linearizable: Whether a quorum confirms the list; false for what one member knows, which works without a
    ///   leader. etcd before 3.5 always answers the latter.
    public func members(linearizable: Bool = true) async throws(HoldfastError) -> [EtcdMember] {
      var message = Etcdserverpb_MemberListRequest()
      message.linearizable = linearizable
      return try await etcd.caller.call(
        .members, message, .read, timeout: etcd.configuration.requestTimeout, isLocal: !linearizable
      ) { (answer: Etcdserverpb_MemberListResponse) in try Self.list(answer.members, answer.hasHeader) }
    }

    /// Adds a member, which is then to be started with the returned list as its initial cluster and state `existing`.
    ///
    /// - Parameters:
    ///   - peerURLs: Where the others will reach it. `memberExists` when a member has one of them.
    ///   - isLearner: Whether it begins as a learner, so that the majority does not count on it before it has caught up.
    /// - Returns: The member, without a name before it starts, and all members.
    public func addMember(
      peerURLs: [String], isLearner: Bool = false
    ) async throws(HoldfastError) -> (member: EtcdMember, members: [EtcdMember]) {
      var message = Etcdserverpb_MemberAddRequest()
      message.peerUrls = peerURLs
      message.isLearner = isLearner
      return try await etcd.caller.call(.addMember, message, .write, timeout: etcd.configuration.requestTimeout) {
        (answer: Etcdserverpb_MemberAddResponse) in
        guard answer.hasMember else { throw MalformedAnswer("it names no member") }
        return (member: EtcdMember(answer.member), members: try Self.list(answer.members, answer.hasHeader))
      }
    }

    /// Makes a learner a voting member. `learnerNotReady` while it has not caught up, `memberNotFound` when there is none,
    /// `invalidArgument` when it is no learner.
    @discardableResult
    public func promoteMember(_ id: UInt64) async throws(HoldfastError) -> [EtcdMember] {
      var message = Etcdserverpb_MemberPromoteRequest()
      message.id = id
      return try await etcd.caller.call(.promoteMember, message, .write, timeout: etcd.configuration.requestTimeout) {
        (answer: Etcdserverpb_MemberPromoteResponse) in try Self.list(answer.members, answer.hasHeader)
      }
    }

    /// Changes where the others reach a member. `memberNotFound` when there is none, `invalidArgument` when it is a learner.
    ///
    /// etcd (3.4.23 and 3.5.1) would forget by it that it is one, and not promote it any more, so the members are asked for first.
    @discardableResult
    public func updateMember(_ id: UInt64, peerURLs: [String]) async throws(HoldfastError) -> [EtcdMember] {
      try await refuseLearner(id)
      var message = Etcdserverpb_MemberUpdateRequest()
      message.id = id
      message.peerUrls = peerURLs
      return try await etcd.caller.call(.updateMember, message, .write, timeout: etcd.configuration.requestTimeout) {
        (answer: Etcdserverpb_MemberUpdateResponse) in try Self.list(answer.members, answer.hasHeader)
      }
    }

    private func refuseLearner(_ id: UInt64) async throws(HoldfastError) {
      let members: [EtcdMember]
      do {
        members = try await self.members()
      } catch {
        var error = error
        error.outcome = .refused
        throw error
      }
      guard let learner = members.first(where: { $0.id == id && $0.isLearner }) else { return }
      throw HoldfastError(
        .invalidArgument,
        "member \(learner) is a learner, and etcd would forget that: promote it first, or remove it and add it again",
        outcome: .refused)
    }

    /// Takes a member out of the cluster for good: it stops, and its id never comes back. `memberNotFound` when there is none.
    @discardableResult
    public func removeMember(_ id: UInt64) async throws(HoldfastError) -> [EtcdMember] {
      var message = Etcdserverpb_MemberRemoveRequest()
      message.id = id
      return try await etcd.caller.call(.removeMember, message, .write, timeout: etcd.configuration.requestTimeout) {
        (answer: Etcdserverpb_MemberRemoveResponse) in try Self.list(answer.members, answer.hasHeader)
      }
    }

    /// Makes calls and watches go to the client URLs that the members advertise now, and returns where they go from now on.
    ///
    /// What the configuration names stays as a fallback. Left out are learners, schemes that the configuration does not use
    /// (`http` where all is `https`), `0.0.0.0`, and loopback addresses unless the configuration has one. When nothing is
    /// left, nothing changes.
    @discardableResult
    public func synchronizeEndpoints() async throws(HoldfastError) -> [String] {
      etcd.follow(try await members())
      return etcd.endpoints
    }

    /// These answers' headers have no revision.
    private static func list(_ members: [Etcdserverpb_Member], _ hasHeader: Bool) throws -> [EtcdMember] {
      guard hasHeader else { throw MalformedAnswer("it has no header") }
      return members.map { EtcdMember($0) }.sorted { $0.id < $1.id }
    }
  }
}
