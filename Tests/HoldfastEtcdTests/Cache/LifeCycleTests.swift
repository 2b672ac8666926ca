import Holdfast
import HoldfastEtcd
import TestSupport
import Testing

@Suite struct LifeCycleTests {
  @Test(arguments: EtcdVersion.allCases)
  func startFailsWhileEtcdIsAwayAndWorksAfterwards(version: EtcdVersion) async throws {
    try await withEtcd(version) { etcd in
      try await etcd.kill()
      try await withStore(.etcd(endpoints: [etcd.clientURL]), logger: .quiet) { store in
        var configuration = CacheConfiguration()
        configuration.startTimeout = .seconds(2)
        do {
          try await store.withCache(of: items, configuration: configuration) { (_: Cache<Item>) -> Void in
            Issue.record("there is nothing to load from")
          }
        } catch let error as HoldfastError {
          #expect(error.code == .unavailable || error.code == .timeout, "\(error)")
          #expect(error.message.contains("did not load"), "\(error)")
        }
        try await etcd.restart()
        let count = try await store.withCache(of: items, configuration: .patient) { cache in
          try await cache.put(Item(id: "a", n: 1))
          return try cache.count()
        }
        #expect(count == 1)
      }
    }
  }

  @Test(arguments: EtcdVersion.allCases)
  func afterStopNothingIsApplied(version: EtcdVersion) async throws {
    try await withProxiedItems(version) { live, _, direct, _ in
      let cache = Cache(of: items, in: live.store)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await cache.run() }
        try await eventually(within: .seconds(60), "it is live") { cache.health.isLive }
        group.cancelAll()
      }
      let stopped = cache.health
      let last = try await direct.execute(items.put(Item(id: "a", n: 1))).modRevision
      try await live.wait(for: last, timeout: .seconds(60))
      #expect(cache.health == stopped)
      #expect(throws: HoldfastError.self) { try cache.get("a") }
    }
  }

  @Test(arguments: EtcdVersion.allCases)
  func prefixDeleteLeavesTheSibling(version: EtcdVersion) async throws {
    try await withProxiedItems(version) { cache, _, direct, _ in
      for id in ["a/1/x", "a/10/x", "a/1"] { try await cache.put(Item(id: id, n: 0)) }
      #expect(try await cache.delete(prefix: "a/1") == 1)
      #expect(try cache.list().map(\.key) == ["a/1", "a/10/x"])
      try await expectEqual(cache, direct)
    }
  }

  @Test(arguments: EtcdVersion.allCases)
  func valuesOfOtherWriters(version: EtcdVersion) async throws {
    try await withProxiedItems(version) { cache, _, direct, etcd in
      let gzip = try JSONCodec<Item>(compressionThreshold: 0).encode(Item(id: "cut", n: 1))
      let bad: [(String, [UInt8])] = [
        ("empty", []), ("null", Array("null".utf8)), ("truncated", Array(#"{"id":"trunc"#.utf8)),
        ("cut", Array(gzip.dropLast(9))),
      ]
      for (id, bytes) in bad { try await etcd.put(key: "/t/items/\(id)", bytes: bytes) }
      let value = Array(#"{"id":"elsewhere","n":7}"#.utf8)
      let last = Revision(try await etcd.put(key: "/t/items/misplaced", bytes: value))
      try await cache.wait(for: last, timeout: .seconds(60))
      #expect(try cache.list().quarantined.map(\.key) == ["cut", "empty", "null", "truncated"])
      #expect(cache.health.quarantined == 4)
      let misplaced = try #require(try cache.get("misplaced"))
      #expect(misplaced.isMisplaced && misplaced.value.n == 7)
      try await expectEqual(cache, direct)
      for (id, _) in bad { try await cache.put(Item(id: id, n: 1)) }
      #expect(cache.health.quarantined == 0)
      #expect(try cache.count() == 5)
    }
  }
}
