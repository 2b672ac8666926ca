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

  /// The leader goes from member to member under four writers: no write is lost, none is applied twice, and none is unknown.
  @Test(arguments: EtcdVersion.allCases) func leadershipMovesUnderWriters(version: EtcdVersion) async throws {
    try await withEtcdCluster(version) { cluster in
      let etcd = try EtcdBackend(EtcdConfiguration(endpoints: cluster.endpoints))
      _ = try await cluster.leader()
      let isOver = Shared(false)
      let written = try await withThrowingTaskGroup(of: (acknowledged: Int64, open: Int64).self) { group in
        for writer in 0..<4 {
          group.addTask {
            var (acknowledged, open): (Int64, Int64) = (0, 0)
            while !isOver.value {
              do throws(HoldfastError) {
                _ = try await etcd.put(PutRequest(key: Key("/w/\(writer)"), value: []))
                acknowledged += 1
              } catch {
                #expect(error.outcome == .unknown, "what was refused is tried again: \(error)")
                open += 1
              }
            }
            let version = try await etcd.range(RangeRequest(.key(Key("/w/\(writer)")))).keyValues.first?.version ?? 0
            #expect((acknowledged...acknowledged + open).contains(version), "writer \(writer)")
            return (acknowledged, open)
          }
        }
        for round in 0..<4 {
          let next = try await cluster.followers()[round % 2].status().memberID
          try await etcd.maintenance.moveLeader(to: next)
          try await eventually("\(next) leads") { try await cluster.leader().status().memberID == next }
        }
        isOver.update { $0 = true }
        return try await group.reduce(into: [Int64](repeating: 0, count: 2)) {
          $0[0] += $1.acknowledged
          $0[1] += $1.open
        }
      }
      #expect(written[0] > 0)
      let wrong = await failure { try await etcd.maintenance.moveLeader(to: 4711) }
      #expect(wrong?.outcome == .refused || wrong?.outcome == .unknown)
    }
  }
}
