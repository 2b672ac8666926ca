import Holdfast
import HoldfastEtcd
import TestSupport
import Testing

@Suite struct CatchUpTests {
  /// The server sends what was missed in batches of 1,000 revisions, all with the store's newest revision in their headers.
  /// With frequent progress reports in between, too: they must not take the cache past events that are on their way.
  @Test(arguments: EtcdVersion.allCases, [[], ["--experimental-watch-progress-notify-interval", "100ms"]])
  func everyOneOfManyRevisionsArrives(version: EtcdVersion, options: [String]) async throws {
    try await withProxiedItems(version, arguments: options) { cache, proxy, direct, _ in
      try await proxy.refuse()
      await proxy.cut()
      var last = Revision.zero
      for n in 0..<2_500 { last = try await direct.execute(items.put(Item(id: "k\(n % 700)", n: n))).modRevision }
      try await direct.execute(items.delete("k0"))
      last = try await direct.execute(items.put(Item(id: "last", n: 1))).modRevision
      let before = proxy.acceptedConnections
      try await proxy.accept()
      try await cache.wait(for: last, timeout: .seconds(60))
      try await expectEqual(cache, direct)
      #expect(proxy.acceptedConnections == before + 2, "all of it came on one connection, beside that of the calls")
    }
  }

  /// The same without a cache in between: one watch, on one connection, from before the first of them.
  @Test(arguments: EtcdVersion.allCases)
  func aWatchFromAnOldRevisionIsGapFree(version: EtcdVersion) async throws {
    try await withEtcd(version) { etcd in
      try await withStore(.etcd(endpoints: [etcd.clientURL]), logger: .quiet) { store in
        let first = try await store.execute(items.put(Item(id: "a", n: 0))).modRevision
        for n in 1..<2_500 { try await store.execute(items.put(Item(id: n.isMultiple(of: 3) ? "a" : "b", n: n))) }
        var seen: [Revision] = []
        for try await update in store.backend.watch(WatchRequest(items.range, from: first)) {
          if case .batch(let batch) = update { seen += batch.events.map(\.modRevision) }
          if seen.count >= 2_500 { break }
        }
        #expect(seen == (0..<2_500).map { Revision(first.rawValue + $0) })
      }
    }
  }

  @Test(arguments: EtcdVersion.allCases)
  func aServerThatIsRestartedIsFollowedOn(version: EtcdVersion) async throws {
    try await withProxiedItems(version) { cache, _, direct, etcd in
      try await cache.put(Item(id: "before", n: 1))
      try await etcd.kill()
      try await eventually(within: .seconds(60), "the cache notices") { cache.health.state == .stale }
      let kept = try cache.get("before")
      #expect(kept?.value.n == 1)
      try await etcd.restart()
      try await eventually(within: .seconds(60), "writing works again") {
        try await direct.execute(items.put(Item(id: "after", n: 1))).modRevision > .zero
      }
      let last = try await direct.execute(items.put(Item(id: "last", n: 1))).modRevision
      try await cache.wait(for: last, timeout: .seconds(60))
      try await expectEqual(cache, direct)
      try await eventually(within: .seconds(60), "health is live again") { cache.health.isLive }
      // The store of the cache heals too.
      try await cache.put(Item(id: "own", n: 2))
      #expect(try cache.get("own")?.value.n == 2)
    }
  }
}

/// The cache holds exactly what the store holds: keys, values, revisions and versions.
func expectEqual(_ cache: Cache<Item>, _ store: Store, sourceLocation: SourceLocation = #_sourceLocation) async throws {
  let stored = try await store.execute(items.list())
  let held = try cache.list()
  #expect(Array(held) == Array(stored), sourceLocation: sourceLocation)
  #expect(held.quarantined == stored.quarantined, sourceLocation: sourceLocation)
}
