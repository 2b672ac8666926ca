public import HoldfastCore
import HoldfastEtcdMachines
import HoldfastEtcdProtos

extension EtcdBackend {
  /// What an operator asks of the cluster or of one of its members.
  public var maintenance: Maintenance { Maintenance(etcd: self) }

  /// What an operator asks of the cluster or of one of its members.
  ///
  /// What takes an `endpoint` (`http://10.0.0.1:2379`, of the configuration or not) is asked of that member alone, once, on a
  /// connection apart from that of calls and watches. Every call throws ``HoldfastError``: `invalidArgument` for an endpoint that
  /// cannot be understood, or after 1,024 others outside of the configuration; `timeout` after the time that the parameter names, ``EtcdConfiguration/requestTimeout`` where there is none.
  public struct Maintenance: Sendable {
    let etcd: EtcdBackend
    private var timeout: Duration { etcd.configuration.requestTimeout }

    init(etcd: EtcdBackend) { self.etcd = etcd }

    // MARK: One member

    /// The state of a member. It is an answer of that member alone, so it comes without a leader too.
    public func status(of endpoint: String) async throws(HoldfastError) -> EtcdStatus {
      try await etcd.memberCaller.call(
        .status, Etcdserverpb_StatusRequest(), .read, timeout: timeout, at: etcd.number(of: endpoint)
      ) { (answer: Etcdserverpb_StatusResponse) in try EtcdStatus(answer) }
    }

    /// The state of the member at each of ``EtcdBackend/endpoints``, in their order, or why it did not tell. All are asked at
    /// once.
    public func statuses() async -> [(endpoint: String, status: Result<EtcdStatus, HoldfastError>)] {
      let endpoints = etcd.endpoints
      return await withTaskGroup(of: (Int, Result<EtcdStatus, HoldfastError>).self) { group in
        for (index, endpoint) in endpoints.enumerated() {
          group.addTask {
            do throws(HoldfastError) {
              return (index, .success(try await status(of: endpoint)))
            } catch {
              return (index, .failure(error))
            }
          }
        }
        var results: [(Int, Result<EtcdStatus, HoldfastError>)] = []
        for await result in group { results.append(result) }
        return results.sorted { $0.0 < $1.0 }.map { (endpoint: endpoints[$0.0], status: $0.1) }
      }
    }

    /// Makes a member's database file as small as what it holds. The member serves nothing meanwhile: do it one member after
    /// the other, the leader last. What fails with an outcome other than `refused` may still be going on.
    public func defragment(_ endpoint: String, timeout: Duration = .seconds(60)) async throws(HoldfastError) {
      try await etcd.memberCaller.call(
        .defragment, Etcdserverpb_DefragmentRequest(), .write, timeout: timeout, at: etcd.number(of: endpoint)
      ) { (_: Etcdserverpb_DefragmentResponse) in () }
    }

    /// A hash of a member's whole database file. It differs between members that are well; ``hashKV(of:at:timeout:)`` is the one to
    /// compare. etcd means it for tests.
    public func hash(of endpoint: String, timeout: Duration = .seconds(60)) async throws(HoldfastError) -> EtcdHash {
      try await etcd.memberCaller.call(
        .hash, Etcdserverpb_HashRequest(), .read, timeout: timeout, at: etcd.number(of: endpoint)
      ) { (answer: Etcdserverpb_HashResponse) in
        EtcdHash(header: try ResponseHeader(answer.hasHeader ? answer.header : nil), hash: answer.hash)
      }
    }

    /// A hash of all revisions of all keys of a member, up to a revision: equal on members that hold the same and were compacted at
    /// the same revision.
    ///
    /// - Parameter revision: nil for the member's newest. `compacted` or `futureRevision` when the member does not have it.
    public func hashKV(
      of endpoint: String, at revision: Revision? = nil, timeout: Duration = .seconds(60)
    ) async throws(HoldfastError) -> EtcdHash {
      var message = Etcdserverpb_HashKVRequest()
      message.revision = revision?.rawValue ?? 0
      return try await etcd.memberCaller.call(
        .hashKV, message, .read, timeout: timeout, at: etcd.number(of: endpoint)
      ) { (answer: Etcdserverpb_HashKVResponse) in
        EtcdHash(
          header: try ResponseHeader(answer.hasHeader ? answer.header : nil), hash: answer.hash,
          compactRevision: answer.compactRevision > 0 ? Revision(answer.compactRevision) : nil)
      }
    }

    // MARK: The cluster

    /// The alarms of all members.
    public func alarms() async throws(HoldfastError) -> [EtcdAlarm] { try await alarm(.get, nil, .read) }

    /// Takes an alarm away. That its cause is gone is for the operator to see to: etcd raises it again otherwise. Disarming what
    /// is not there changes nothing.
    ///
    /// - Returns: What was disarmed: nothing when the alarm was not there, or was gone already because the answer to a first attempt
    ///   was lost.
    @discardableResult
    public func disarm(_ alarm: EtcdAlarm) async throws(HoldfastError) -> [EtcdAlarm] {
      try await self.alarm(.deactivate, alarm, .repeatableWrite)
    }

    /// Takes every alarm away that there is now, and returns them.
    @discardableResult
    public func disarmAll() async throws(HoldfastError) -> [EtcdAlarm] {
      let alarms = try await alarms()
      for alarm in alarms { try await disarm(alarm) }
      return alarms
    }

    /// Hands the leadership over. A write that meets the change at the old leader is refused and tried again; one that a follower
    /// passed on to it may be lost on the way, and ends as `timeout` with outcome `unknown`.
    ///
    /// - Parameter member: The id of a voting member. `invalidArgument` when it is none; `unavailable` when there is no leader, or
    ///   none that can be reached at ``EtcdBackend/endpoints`` or at its client URLs, of which the same are left out as in
    ///   ``Cluster/synchronizeEndpoints()``.
    public func moveLeader(to member: UInt64) async throws(HoldfastError) {
      let leader = try await leaderEndpoint()
      var message = Etcdserverpb_MoveLeaderRequest()
      message.targetID = member
      try await etcd.memberCaller.call(.moveLeader, message, .write, timeout: timeout, at: etcd.number(of: leader)) {
        (_: Etcdserverpb_MoveLeaderResponse) in ()
      }
    }

    /// Where the member that leads answers.
    private func leaderEndpoint() async throws(HoldfastError) -> String {
      for (endpoint, status) in await statuses() {
        if case .success(let status) = status, status.isLeader { return endpoint }
      }
      // The leader may be none of the endpoints that we were given.
      let leader = try await etcd.status().leader
      let members = try await etcd.cluster.members().filter { $0.id == leader }
      for endpoint in etcd.acceptableEndpoints(of: members) {
        // Whoever answers must be the one who was meant.
        if let status = try? await status(of: endpoint), status.isLeader, status.memberID == leader { return endpoint }
      }
      throw HoldfastError(.unavailable, "no endpoint is that of the cluster's leader", outcome: .refused)
    }

    private func alarm(
      _ action: Etcdserverpb_AlarmRequest.AlarmAction, _ alarm: EtcdAlarm?, _ kind: RetryMachine.Kind
    ) async throws(HoldfastError) -> [EtcdAlarm] {
      var message = Etcdserverpb_AlarmRequest()
      message.action = action
      message.memberID = alarm?.memberID ?? 0
      message.alarm = alarm?.wireKind ?? .none
      return try await etcd.caller.call(.alarm, message, kind, timeout: timeout) {
        // etcd 3.4 answers a disarming without a header.
        (answer: Etcdserverpb_AlarmResponse) in answer.alarms.map { EtcdAlarm($0) }
      }
    }
  }
}

/// A hash of what a member holds.
public struct EtcdHash: Hashable, Sendable {
  /// The member and its revision.
  public var header: ResponseHeader
  public var hash: UInt32
  /// The revision at which the member was last compacted; nil if it never was, or of a hash of the file.
  public var compactRevision: Revision?
}
