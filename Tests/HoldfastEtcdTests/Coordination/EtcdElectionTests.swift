import Holdfast
import HoldfastEtcd
import TestSupport
import Testing

/// Elections on real servers, with a candidate of etcd's own tool.
@Suite struct EtcdElectionTests {
  @Test(arguments: EtcdVersion.allCases) func etcdctlAndWeStandInOneElection(version: EtcdVersion) async throws {
    try await withTwoStores(version) { store, other, etcd in
      let election = store.election("/elections/a")
      let seen = Shared<[String?]>([])
      let observer = Task {
        for try await leader in other.election("/elections/a").observe() { seen.withLock { $0.append(leader?.text) } }
      }
      try await eventually(within: .seconds(30), "the observer sees nobody") { seen.withLock { $0 == [nil] } }
      let go = try await election.campaign("swift", ttl: .seconds(60)) { leadership in
        let go = Task { try await etcd.etcdctl("elect", "/elections/a", "go") }
        try await eventually(within: .seconds(60), "etcdctl campaigns") {
          try await etcd.list(prefix: "/elections/a/").count == 2
        }
        let leader = try await election.leader()
        #expect(leader?.text == "swift" && leader?.token == leadership.token)
        try await leadership.proclaim("swift again")
        return go
      }
      try await eventually(within: .seconds(30), "etcdctl leads") { try await election.leader()?.text == "go" }
      let leader = try #require(try await election.leader())
      let ours = Task { try await election.campaign("swift 2", ttl: .seconds(60)) { $0.token } }
      try await eventually(within: .seconds(60), "we campaign") {
        try await etcd.list(prefix: "/elections/a/").count == 2
      }
      go.cancel()
      _ = await go.result
      let goKey = try #require(leader.key.string)
      let lease = try #require(try await etcd.get(key: goKey))
      try await etcd.revokeLease(lease.lease)
      let token = try await ours.value
      #expect(token > leader.token)
      let expected: [String?] = [nil, "swift", "swift again", "go", "swift 2", nil]
      try await eventually(within: .seconds(30), "the observer has seen all of it") { seen.withLock { $0 == expected } }
      observer.cancel()
      _ = await observer.result
    }
  }

  @Test(arguments: EtcdVersion.allCases) func everyCandidateLeadsOnceAndInOrder(version: EtcdVersion) async throws {
    try await withTwoStores(version) { first, second, etcd in
      let tokens = Shared<[Revision]>([])
      let seen = Shared<[Revision]>([])
      let observer = Task {
        for try await leader in second.election("/elections/a").observe() {
          if let leader { seen.withLock { $0.append(leader.token) } }
        }
      }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<6 {
          let election = (index % 2 == 0 ? first : second).election("/elections/a")
          group.addTask {
            try await election.campaign("n\(index)", ttl: .seconds(60)) { leadership in
              tokens.withLock { $0.append(leadership.token) }
              // Until the observer has seen it, which may have come late.
              try await eventually(within: .seconds(30), "it is seen") {
                seen.withLock { $0.last } == leadership.token
              }
            }
          }
        }
        try await group.waitForAll()
      }
      let all = tokens.withLock { $0 }
      #expect(all.count == 6 && all == all.sorted())
      #expect(seen.withLock { $0 } == all)
      let keys = try await etcd.list(prefix: "/elections/")
      #expect(keys.isEmpty)
      observer.cancel()
      _ = await observer.result
    }
  }
}
