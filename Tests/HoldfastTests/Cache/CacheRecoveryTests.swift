import Holdfast
import HoldfastEmbedded
import Testing

@Suite struct CacheRecoveryTests {
  @Test func foreignChangesArrive() async throws {
    try await withItems { cache, _, backend in
      try await backend.foreignPut(items, Item(id: "a", n: 1))
      let last = try await backend.foreignPut(items, Item(id: "b", n: 1))
      try await cache.wait(for: last, timeout: .seconds(60))
      #expect(try cache.list().map(\.key) == ["a", "b"])
      let gone = try await backend.foreignDelete(items, "a")
      try await cache.wait(for: gone, timeout: .seconds(60))
      #expect(try cache.list().map(\.key) == ["b"])
    }
  }

  /// Nobody may take it for loaded then, and be let go on again and again.
  @Test func whatIsDroppedIsWaitedForAgain() async throws {
    var configuration = CacheConfiguration.quick
    configuration.pendingWrites = 1
    try await withItems(configuration: configuration) { cache, _, backend in
      let meter = ListMeter(isShut: false)
      meter.open(error: FaultyBackend.away)
      backend.setMeter(meter)
      backend.setWatchCut(true)
      for n in 1...3 { try await cache.put(Item(id: "k\(n)", n: n)) }
      try await eventually { cache.health.state == .connecting }
      let error = await #expect(throws: HoldfastError.self) {
        try await cache.waitUntilLoaded(timeout: .milliseconds(50))
      }
      #expect(error?.code == .unavailable)
      meter.open()
      try await cache.waitUntilLoaded(timeout: .seconds(60))
      #expect(try cache.count() == 3)
      backend.setWatchCut(false)
    }
  }

  @Test func aConnectionThatComesBackMissesNothing() async throws {
    try await withItems { cache, _, backend in
      let first = try await backend.foreignPut(items, Item(id: "a", n: 1))
      try await cache.wait(for: first, timeout: .seconds(60))
      backend.setAway(true)
      try await backend.backend.foreignPut(items, Item(id: "b", n: 1))
      try await eventually { cache.health.state == .stale }
      #expect(cache.health.cause?.code == .unavailable)
      // Reads go on with what was last known.
      #expect(try cache.exists("a"))
      let last = try await backend.backend.foreignDelete(items, "a")
      backend.setAway(false)
      try await cache.wait(for: last, timeout: .seconds(60))
      #expect(try cache.list().map(\.key) == ["b"])
      try await eventually { cache.health.isLive }
    }
  }

  @Test func compactionWhileCutOffIsHealedByDifference() async throws {
    try await withItems { cache, _, backend in
      for id in ["changed", "deleted", "recreated", "same"] { try await cache.put(Item(id: id, n: 1)) }
      backend.setWatchCut(true)
      try await backend.foreignDelete(items, "deleted")
      try await backend.foreignDelete(items, "recreated")
      try await backend.foreignPut(items, Item(id: "recreated", n: 2))
      try await backend.foreignPut(items, Item(id: "changed", n: 2))
      let last = try await backend.foreignPut(items, Item(id: "new", n: 2))
      _ = try await backend.compact(CompactRequest(last))
      backend.setWatchCut(false)
      try await cache.wait(for: last, timeout: .seconds(60))
      #expect(try cache.list().map(\.value.n) == [2, 2, 2, 1])
      #expect(try cache.list().map(\.key) == ["changed", "new", "recreated", "same"])
      #expect(try cache.get("recreated")?.version == 1)
      // And it follows on.
      let next = try await backend.foreignPut(items, Item(id: "next", n: 3))
      try await cache.wait(for: next, timeout: .seconds(60))
      #expect(try cache.exists("next"))
    }
  }

  @Test func startFailsWithTheCauseWhileTheStoreIsAwayAndWorksAfterwards() async throws {
    try await withEmbedded { engine in
      let backend = FaultyBackend(engine)
      backend.setAway(true)
      try await withStore(.backend(backend), logger: .quiet) { store in
        var configuration = CacheConfiguration.quick
        configuration.startTimeout = .milliseconds(50)
        await #expect {
          try await store.withCache(of: items, configuration: configuration) { _ in }
        } throws: { error in
          let error = error as? HoldfastError
          return error?.code == .unavailable && error?.message.contains("the store is away") == true
        }
        backend.setAway(false)
        let count = try await store.withCache(of: items, configuration: .quick) { cache in try cache.count() }
        #expect(count == 0)
      }
    }
  }

  /// Who is told that the store has not answered looks at the network.
  @Test func aLoadThatIsUnderWayIsNoSilentStore() async throws {
    try await withEmbedded { engine in
      for n in 0..<1_100 { try await engine.foreignPut(items, Item(id: "\(n)", n: n)) }
      let backend = FaultyBackend(engine)
      // A page has come; what proves that nothing was restored meanwhile never does.
      backend.afterTransaction { backend.setHangsOnRanges(true) }
      try await withStore(.backend(backend), logger: .quiet) { store in
        let cache = Cache(of: items, in: store, configuration: .quick)
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { try await cache.run() }
          try await eventually { cache.health.progress != nil && backend.hangingRanges > 0 }
          let error = await #expect(throws: HoldfastError.self) {
            try await cache.waitUntilLoaded(timeout: .milliseconds(10))
          }
          let message = error?.message ?? ""
          #expect(message.contains(" of 1100 keys had arrived; allow it more time (`startTimeout`)"), "\(message)")
          group.cancelAll()
          try await group.waitForAll()
        }
      }
    }
  }

  @Test func runKeepsTryingWhileTheStoreIsAway() async throws {
    try await withEmbedded { engine in
      let backend = FaultyBackend(engine)
      backend.setAway(true)
      try await withStore(.backend(backend), logger: .quiet) { store in
        let cache = Cache(of: items, in: store, configuration: .quick)
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { try await cache.run() }
          try await eventually { cache.health.cause?.code == .unavailable }
          #expect(code { try cache.get("a") } == .notLoaded)
          backend.setAway(false)
          try await cache.wait(for: 1, timeout: .seconds(60))
          #expect(try cache.count() == 0)
          group.cancelAll()
        }
        #expect(cache.health.state == .stopped)
      }
    }
  }

  @Test func afterStopNothingIsAppliedAndItCanBeStartedAgain() async throws {
    try await withItems { live, store, backend in
      let cache = Cache(of: items, in: store)
      for round in 1...3 {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { try await cache.run() }
          try await eventually { cache.health.isLive }
          try await backend.foreignPut(items, Item(id: "a", n: round))
          try await eventually { try cache.get("a")?.value.n == round }
          group.cancelAll()
        }
        let stopped = cache.health
        // A write of the same store and one of somebody else: neither reaches a stopped cache, while another one sees both.
        try await store.execute(items.put(Item(id: "b", n: round)))
        let last = try await backend.foreignPut(items, Item(id: "a", n: 100))
        try await live.wait(for: last, timeout: .seconds(60))
        #expect(cache.health == stopped)
        #expect(code { try cache.get("a") } == .stopped)
      }
    }
  }

  @Test func tooManyPendingWritesMakeItListAgain() async throws {
    try await withEmbedded { engine in
      let backend = FaultyBackend(engine)
      try await withStore(.backend(backend), logger: .quiet) { store in
        var configuration = CacheConfiguration.quick
        configuration.pendingWrites = 5
        try await store.withCache(of: items, configuration: configuration) { cache in
          try await eventually { cache.health.isLive }
          backend.setWatchCut(true)
          var last = Revision.zero
          for n in 0..<20 { last = try await cache.put(Item(id: "k\(n)", n: n)).modRevision }
          // The watch is still cut: only a list can have taken the cache there.
          try await eventually { (cache.health.revision ?? .zero) >= Revision(last.rawValue - 6) }
          #expect(try cache.count() == 20)
        }
      }
    }
  }
}
