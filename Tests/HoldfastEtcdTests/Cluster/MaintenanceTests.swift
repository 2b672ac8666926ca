import HoldfastCore
import HoldfastEtcd
import TestSupport
import Testing

/// What an operator asks, of real servers.
@Suite(.serialized) struct MaintenanceTests {
  @Test(arguments: EtcdVersion.allCases) func theStateOfEachMember(version: EtcdVersion) async throws {
    try await withEtcdCluster(version) { cluster in
      let etcd = try EtcdBackend(EtcdConfiguration(endpoints: cluster.endpoints))
      _ = try await etcd.put(PutRequest(key: "/k", value: [1]))
      let status = try await etcd.maintenance.status(of: cluster.endpoints[1])
      #expect(status.memberID == (try await cluster.members[1].status().memberID))
      #expect(status.version == version.number)
      #expect(status.raftTerm > 0 && status.raftIndex >= status.raftAppliedIndex && status.raftAppliedIndex > 0)
      #expect(status.databaseSize >= status.databaseSizeInUse && status.databaseSizeInUse > 0)
      #expect(!status.isLearner && status.errors.isEmpty)

      try await cluster.members[2].kill()
      let statuses = await etcd.maintenance.statuses()
      #expect(statuses.map(\.endpoint) == cluster.endpoints)
      let answers = statuses.map { try? $0.status.get() }
      #expect(answers.map { $0 != nil } == [true, true, false])
      guard case .failure(let error) = statuses[2].status else { return }
      #expect(error.code == .unavailable)
      #expect(error.outcome == nil)
      #expect(await failure { try await etcd.maintenance.status(of: "nonsense") }?.code == .invalidArgument)
    }
  }

  @Test(arguments: EtcdVersion.allCases) func aFullStoreRaisesAnAlarm(version: EtcdVersion) async throws {
    try await withEtcd(version, arguments: ["--quota-backend-bytes", "\(8 << 20)"]) { server in
      let etcd = try EtcdBackend(EtcdConfiguration(endpoints: [server.clientURL]))
      let maintenance = etcd.maintenance
      #expect(try await maintenance.alarms().isEmpty)
      let pad = [UInt8](repeating: 0x78, count: 1 << 20)
      var refused: HoldfastError?
      for _ in 0..<20 where refused == nil {
        refused = await failure { try await etcd.put(PutRequest(key: "/pad", value: pad)) }
      }
      #expect(refused?.code == .resourceExhausted)
      #expect(refused?.outcome == .refused)
      let alarm = EtcdAlarm(memberID: try await server.status().memberID, kind: .noSpace)
      try await eventually("the alarm is raised") { try await maintenance.alarms() == [alarm] }

      let revision = try await etcd.deleteRange(DeleteRangeRequest(.key("/pad"))).header.revision
      _ = try await etcd.compact(CompactRequest(revision, physical: true))
      let before = try await maintenance.status(of: server.clientURL)
      #expect(before.errors.contains { $0.contains("NOSPACE") })
      try await maintenance.defragment(server.clientURL)
      let after = try await maintenance.status(of: server.clientURL)
      #expect(after.databaseSize < before.databaseSize / 2)
      #expect(await failure { try await etcd.put(PutRequest(key: "/k", value: [])) }?.code == .resourceExhausted)
      #expect(try await maintenance.disarmAll() == [alarm])
      #expect(try await maintenance.alarms().isEmpty)
      #expect(try await maintenance.disarm(alarm).isEmpty, "there is nothing to disarm any more")
      _ = try await etcd.put(PutRequest(key: "/k", value: []))
    }
  }

  @Test(arguments: EtcdVersion.allCases) func membersThatAgreeHaveOneHash(version: EtcdVersion) async throws {
    try await withEtcdCluster(version) { cluster in
      let etcd = try EtcdBackend(EtcdConfiguration(endpoints: cluster.endpoints))
      var revision = Revision.zero
      for number in 0..<20 {
        revision = try await etcd.put(PutRequest(key: Key("/k/\(number)"), value: [1])).header.revision
      }
      let at = revision
      var hashes: [EtcdHash] = []
      for endpoint in cluster.endpoints {
        try await eventually("\(endpoint) has caught up") {
          hashes.append(try await etcd.maintenance.hashKV(of: endpoint, at: at))
          return true
        }
        _ = try await etcd.maintenance.hash(of: endpoint)
      }
      #expect(hashes.count == 3 && Set(hashes.map(\.hash)).count == 1)
      #expect(Set(hashes.map(\.header.memberID)).count == 3)
      _ = try await etcd.compact(CompactRequest(at))
      let endpoint = cluster.endpoints[0]
      try await eventually("it was compacted") {
        try await etcd.maintenance.hashKV(of: endpoint).compactRevision == at
      }
      let old = await failure { try await etcd.maintenance.hashKV(of: endpoint, at: Revision(1)) }
      #expect(old?.code == .compacted)
      let future = await failure { try await etcd.maintenance.hashKV(of: endpoint, at: Revision(1_000)) }
      #expect(future?.code == .futureRevision)
    }
  }
}
