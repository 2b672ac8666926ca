import Holdfast
import HoldfastEtcd
import TestSupport
import Testing

/// Members of real clusters come, learn, vote and go.
@Suite(.serialized) struct MembershipTests {
  @Test(arguments: EtcdVersion.allCases) func theListOfOneMember(version: EtcdVersion) async throws {
    try await withEtcd(version) { server in
      try await withStore(.etcd(endpoints: [server.clientURL])) { store in
        let cluster = try store.backend.etcd.cluster
        let id = try await server.status().memberID
        let expected = [
          EtcdMember(id: id, name: server.name, peerURLs: [server.peerURL], clientURLs: [server.clientURL])
        ]
        #expect(try await cluster.members() == expected)
        #expect(try await cluster.members(linearizable: false) == expected)
        #expect(try await cluster.updateMember(id, peerURLs: [server.peerURL]) == expected)
        let removed = await failure { try await cluster.removeMember(4711) }
        #expect(removed?.code == .memberNotFound)
        #expect(removed?.outcome == .refused)
        #expect(await failure { try await cluster.promoteMember(id) }?.outcome == .refused)
        #expect(await failure { try await cluster.addMember(peerURLs: ["nonsense"]) }?.outcome == .refused)
      }
    }
  }

  @Test(arguments: EtcdVersion.allCases) func aLearnerIsAddedPromotedAndRemoved(version: EtcdVersion) async throws {
    try await withEtcdCluster(version) { cluster in
      let etcd = try EtcdBackend(EtcdConfiguration(endpoints: cluster.endpoints))
      try await cluster.withJoiningMember { joining, start in
        let (learner, members) = try await onceHealthy {
          try await etcd.cluster.addMember(peerURLs: [joining.peerURL], isLearner: true)
        }
        #expect(learner.isLearner && learner.name.isEmpty && learner.peerURLs == [joining.peerURL])
        #expect(members.count == 4 && members.contains(learner))
        let again = await failure { try await etcd.cluster.addMember(peerURLs: [joining.peerURL]) }
        #expect(again?.code == .memberExists)
        #expect(again?.outcome == .refused)
        let early = await failure { try await etcd.cluster.promoteMember(learner.id) }
        #expect(early?.code == .learnerNotReady)
        #expect(early?.outcome == .refused)

        // etcd would forget that it learns, and never promote it.
        func update() async -> HoldfastError? {
          await failure { try await etcd.cluster.updateMember(learner.id, peerURLs: [joining.peerURL]) }
        }
        let unstarted = await update()
        #expect(
          unstarted?.code == .invalidArgument && unstarted?.outcome == .refused, "\(String(describing: unstarted))")

        try start()
        try await clientsThatMeetALearnerFirst(joining, cluster)
        #expect(await update()?.message.contains("is a learner") == true)
        #expect(try await etcd.cluster.members().contains { $0.id == learner.id && $0.isLearner })
        #expect(try await !etcd.cluster.synchronizeEndpoints().contains(joining.clientURL), "a learner serves nobody")
        try await eventually(within: .seconds(30), "the learner is promoted") {
          try await etcd.cluster.promoteMember(learner.id).contains { $0.id == learner.id && !$0.isLearner }
        }
        #expect(try await etcd.cluster.synchronizeEndpoints().contains(joining.clientURL))
        _ = try await etcd.put(PutRequest(key: "/k", value: [1]))

        #expect(try await onceHealthy { try await etcd.cluster.removeMember(learner.id) }.count == 3)
        let gone = await failure { try await etcd.cluster.removeMember(learner.id) }
        #expect(gone?.code == .memberNotFound)
      }
    }
  }

  /// A change is refused as long as the members have not been connected for five seconds.
  private func onceHealthy<R>(_ change: () async throws -> R) async throws -> R {
    var result: R?
    try await eventually(within: .seconds(30), "the cluster is healthy") {
      do {
        result = try await change()
      } catch let error as HoldfastError where error.code == .unavailable {
        #expect(error.outcome == .refused, "\(error)")
        return false
      } catch {
        throw error
      }
      return true
    }
    return try #require(result)
  }

  /// A learner says no before it looks at a call, so even a write goes on to the next member.
  private func clientsThatMeetALearnerFirst(_ learner: EtcdServer, _ cluster: EtcdCluster) async throws {
    let alone = try EtcdBackend(EtcdConfiguration(endpoints: [learner.clientURL]))
    try await eventually(within: .seconds(30), "the learner answers") {
      try await alone.maintenance.status(of: learner.clientURL).isLearner
    }
    let refused = await failure { try await alone.put(PutRequest(key: "/k", value: [])) }
    #expect(refused?.code == .unavailable)
    #expect(refused?.outcome == .refused)
    var local = RangeRequest(.all)
    local.serializable = true
    _ = try await alone.range(local)

    let both = try EtcdBackend(EtcdConfiguration(endpoints: [learner.clientURL] + cluster.endpoints))
    let revision = try await both.put(PutRequest(key: "/k", value: [])).header.revision
    let first = try EtcdBackend(EtcdConfiguration(endpoints: [learner.clientURL] + cluster.endpoints))
    #expect(try await first.range(RangeRequest(.all)).header.revision >= revision)
    var updates = first.watch(WatchRequest(.all, from: revision)).makeAsyncIterator()
    var batch: WatchBatch?
    while batch == nil, let update = try await updates.next() { if case .batch(let found) = update { batch = found } }
    #expect(batch?.events.first?.key == "/k", "a watch goes on too")
  }
}
