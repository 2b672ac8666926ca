import HoldfastCore
import HoldfastEtcd
import TestSupport
import Testing

/// Leaders that hand over, die or hang under writers: no write is lost, none is applied twice, and what was refused was tried
/// again until it was not.
@Suite(.serialized) struct LeadershipTests {
  @Test(arguments: EtcdVersion.allCases) func leadershipMoves(version: EtcdVersion) async throws {
    try await withEtcdCluster(version) { cluster in
      let etcd = try EtcdBackend(EtcdConfiguration(endpoints: cluster.endpoints))
      try await underWriters(etcd, cluster) { acknowledgements in
        for round in 0..<4 {
          let next = try await cluster.followers()[round % 2].status().memberID
          try await etcd.maintenance.moveLeader(to: next)
          try await eventually("\(next) leads") { try await cluster.leader().status().memberID == next }
          try await acknowledgements(20)
        }
      }
      let wrong = await failure { try await etcd.maintenance.moveLeader(to: 4711) }
      #expect(wrong != nil)
    }
  }

  /// The leader is found by the members' client URLs, too.
  @Test func aLeaderThatIsNoEndpoint() async throws {
    try await withEtcdCluster(.v3_5_1) { cluster in
      let leader = try await cluster.leader()
      let follower = try await cluster.followers()[0]
      let etcd = try EtcdBackend(EtcdConfiguration(endpoints: [follower.clientURL]))
      try await etcd.maintenance.moveLeader(to: follower.status().memberID)
      try await eventually("the leadership has moved") { try await cluster.leader() !== leader }
    }
  }

  @Test(arguments: EtcdVersion.allCases) func theLeaderIsKilled(version: EtcdVersion) async throws {
    try await withEtcdCluster(version) { cluster in
      let etcd = try EtcdBackend(EtcdConfiguration(endpoints: cluster.endpoints))
      try await underWriters(etcd, cluster) { acknowledgements in
        for _ in 0..<2 {
          let leader = try await cluster.leader()
          try await leader.kill()
          _ = try await cluster.leader()
          try await acknowledgements(20)
          try await leader.restart()
        }
      }
    }
  }

  @Test(arguments: EtcdVersion.allCases) func theLeaderHangs(version: EtcdVersion) async throws {
    try await withEtcdCluster(version) { cluster in
      var configuration = EtcdConfiguration(endpoints: cluster.endpoints)
      configuration.requestTimeout = .seconds(2)
      let etcd = try EtcdBackend(configuration)
      try await underWriters(etcd, cluster) { acknowledgements in
        let leader = try await cluster.leader()
        try await leader.suspend()
        try await acknowledgements(20)
        try leader.resume()
        try await acknowledgements(20)
      }
    }
  }

  /// Four writers, each with a key whose version counts what was applied. The body can await so many more acknowledgements.
  private func underWriters(
    _ etcd: EtcdBackend, _ cluster: EtcdCluster,
    _ body: (_ acknowledgements: (Int) async throws -> Void) async throws -> Void
  ) async throws {
    _ = try await cluster.leader()
    let isOver = Shared(false)
    let total = Shared(0)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<4 {
        group.addTask {
          let key = Key("/w/\(writer)")
          var (acknowledged, unknown): (Int64, Int64) = (0, 0)
          while !isOver.value {
            do throws(HoldfastError) {
              _ = try await etcd.put(PutRequest(key: key, value: []))
              acknowledged += 1
              total.withLock { $0 += 1 }
            } catch {
              // A cluster without a leader for longer than a call may take refuses.
              if error.outcome == .unknown { unknown += 1 }
            }
          }
          let version = try await etcd.range(RangeRequest(.key(key))).keyValues.first?.version ?? 0
          #expect((acknowledged...acknowledged + unknown).contains(version), "writer \(writer)")
        }
      }
      do {
        defer { isOver.withLock { $0 = true } }
        try await body { count in
          let before = total.value
          try await eventually(within: .seconds(60), "\(count) writes are acknowledged") {
            total.value >= before + count
          }
        }
      }
      try await group.waitForAll()
    }
  }
}
