import Holdfast
import HoldfastTesting
import Testing

/// Reads that ask for more than what memory happens to hold (G4, G5, G6).
@Suite struct ReadModeTests {
  @Test func aLinearizableReadHasEverythingThatWasAcknowledgedBefore() async throws {
    try await withItems { cache, _, backend in
      for n in 1...200 {
        let written = try await backend.foreignPut(items, Item(id: "k", n: n))
        let snapshot = try await cache.snapshot(.linearizable, timeout: .seconds(60))
        #expect(snapshot.revision >= written)
        #expect(try snapshot.get("k")?.value.n == n)
        #expect(snapshot.freshness.source == .memory && snapshot.freshness.age != nil)
      }
    }
  }

  /// The store moves, the keyspace does not, and the engine reports no progress here: only a proof can tell.
  @Test func anIdleKeyspaceIsProven() async throws {
    try await withItems { cache, _, backend in
      try await backend.foreignPut(items, Item(id: "k", n: 1))
      var last = Revision.zero
      for n in 0..<20 { last = try await backend.foreignPut(others, Item(id: "o", n: n)) }
      let snapshot = try await cache.snapshot(.linearizable, timeout: .seconds(60))
      #expect(snapshot.revision >= last && snapshot.count() == 1 && snapshot.freshness.source == .memory)
      let again = try await cache.snapshot(.atLeast(last), timeout: .seconds(60))
      #expect(again.revision >= last)
    }
  }

  @Test func manyReadersShareProbes() async throws {
    try await withItems { cache, _, backend in
      try await backend.foreignPut(items, Item(id: "k", n: 1))
      _ = try await cache.snapshot(.linearizable, timeout: .seconds(60))
      let before = backend.ranges
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<500 {
          group.addTask { _ = try await cache.snapshot(.linearizable, timeout: .seconds(60)) }
        }
        try await group.waitForAll()
      }
      #expect(backend.ranges - before < 250, "probes are shared")
    }
  }

  @Test func aWatchThatIsAwayIsGoneAround() async throws {
    try await withItems(configuration: .impatient) { cache, _, backend in
      try await backend.foreignPut(items, Item(id: "k", n: 1))
      backend.setWatchCut(true)
      let written = try await backend.foreignPut(items, Item(id: "k", n: 2))
      let snapshot = try await cache.snapshot(.linearizable, timeout: .seconds(60))
      #expect(snapshot.freshness.source == .store && snapshot.revision >= written)
      #expect(try snapshot.get("k")?.value.n == 2)
      let error = await #expect(throws: HoldfastError.self) {
        try await cache.snapshot(.maxStaleness(.zero), timeout: .milliseconds(50))
      }
      #expect(error?.code == .stale)
      backend.setWatchCut(false)
    }
  }

  @Test func aStoreThatIsAwayIsNotHidden() async throws {
    try await withItems(configuration: .impatient) { cache, _, backend in
      backend.setAway(true)
      let error = await #expect(throws: HoldfastError.self) {
        try await cache.snapshot(.linearizable, timeout: .seconds(60))
      }
      #expect(error?.code == .unavailable)
      let stale = await #expect(throws: HoldfastError.self) {
        try await cache.snapshot(.maxStaleness(.zero), timeout: .milliseconds(50))
      }
      #expect(stale?.code == .stale && stale?.message.contains("old") == true)
      backend.setAway(false)
    }
  }

  @Test func stalenessIsBounded() async throws {
    try await withItems { cache, _, backend in
      let written = try await backend.foreignPut(items, Item(id: "k", n: 1))
      let snapshot = try await cache.snapshot(.maxStaleness(.seconds(3_600)), timeout: .seconds(60))
      #expect(snapshot.freshness.age.map { $0 <= .seconds(3_600) } == true)
      let reached = try await cache.snapshot(.atLeast(written), timeout: .seconds(60)).revision
      #expect(reached >= written)
    }
  }

  @Test func whatTheStoreHasNotReachedIsTheFutureAtOnce() async throws {
    try await withItems { cache, _, backend in
      let written = try await backend.foreignPut(items, Item(id: "k", n: 1))
      let error = await #expect(throws: HoldfastError.self) {
        try await cache.snapshot(.atLeast(Revision(written.rawValue + 1_000)), timeout: .seconds(3_600))
      }
      #expect(error?.code == .futureRevision)
    }
  }

  @Test func aTokenGoesToAnotherProcess() async throws {
    try await withItems { cache, store, backend in
      let committed = try await store.commit(items.put(Item(id: "k", n: 1)))
      let text = committed.token.description
      let token = try #require(RevisionToken(text))
      #expect(token == committed.token)
      let snapshot = try await cache.snapshot(.atLeast(token), timeout: .seconds(60))
      #expect(snapshot.exists("k"))
      let foreign = RevisionToken(clusterID: (token.clusterID ?? 0) &+ 1, revision: token.revision)
      let error = await #expect(throws: HoldfastError.self) { try await cache.snapshot(.atLeast(foreign)) }
      #expect(error?.code == .invalidArgument)
      for text in ["", ":", "x:1", "1:", "1:2:3", "1:-2", "-1:2", "1:8000000000000000"] {
        #expect(RevisionToken(text) == nil, "\(text)")
      }
    }
  }

  @Test func withoutARunningCacheThereIsNothingToWaitFor() async throws {
    try await withItems { _, store, _ in
      let cache = Cache(of: others, in: store)
      for mode in [SnapshotMode.linearizable, .maxStaleness(.seconds(1)), .atLeast(1), .includingMyWrites] {
        let error = await #expect(throws: HoldfastError.self) { try await cache.snapshot(mode) }
        #expect(error?.code == .notStarted)
      }
    }
  }

  /// The cache's own task was cancelled, not the reader's.
  @Test func aReaderIsToldThatItsCacheWasStopped() async throws {
    try await withItems { _, store, backend in
      var configuration = CacheConfiguration.quick
      configuration.probeInterval = .seconds(3_600)
      let cache = Cache(of: others, in: store, configuration: configuration)
      let running = Task { try await cache.run() }
      try await cache.waitUntilLive(timeout: .seconds(60))
      _ = try await cache.snapshot(.linearizable, timeout: .seconds(60))
      backend.setHangsOnRanges(true)
      let reader = Task { try await cache.snapshot(.linearizable, timeout: .seconds(60)) }
      try await eventually { backend.hangingRanges > 0 }
      running.cancel()
      let error = await #expect(throws: HoldfastError.self) { try await reader.value }
      #expect(error?.code == .stopped)
      backend.setHangsOnRanges(false)
      try await running.value
    }
  }

  /// What is asked for cannot be had, or not yet: that is no reason to ask the store without a pause.
  @Test func aReaderThatWaitsDoesNotFloodTheStore() async throws {
    try await withItems { cache, _, backend in
      _ = try await cache.snapshot(.linearizable, timeout: .seconds(60))
      let before = backend.ranges
      let error = await #expect(throws: HoldfastError.self) {
        try await cache.snapshot(.maxStaleness(.zero), timeout: .milliseconds(500))
      }
      #expect(error?.code == .stale)
      #expect(backend.ranges - before < 30)
    }
  }

  /// The store answers, but for its list, and memory is known to be too old.
  @Test func aReaderWithLittleTimeIsToldHowFarTheCacheIs() async throws {
    try await withItems { cache, _, backend in
      try await cache.waitUntilLive(timeout: .seconds(60))
      backend.setMeter(ListMeter())
      backend.setWatchCut(true)
      try await backend.foreignPut(items, Item(id: "k", n: 1))
      let error = await #expect(throws: HoldfastError.self) {
        try await cache.snapshot(.linearizable, timeout: .milliseconds(100))
      }
      #expect(error?.code == .timeout && error?.key == items.prefix)
      let message = error?.message ?? ""
      #expect(message.contains("the cache is at revision 1 and has not reached the store's newest state"), "\(message)")
    }
  }

  @Test func aCancelledReaderLeavesTheOthersAlone() async throws {
    try await withItems { cache, _, backend in
      backend.setWatchCut(true)
      try await backend.foreignPut(items, Item(id: "k", n: 1))
      let reader = Task { try await cache.snapshot(.linearizable, timeout: .seconds(3_600)) }
      reader.cancel()
      let error = await #expect(throws: HoldfastError.self) { try await reader.value }
      #expect(error?.code == .cancelled)
      backend.setWatchCut(false)
      _ = try await cache.snapshot(.linearizable, timeout: .seconds(60))
    }
  }
}

extension CacheConfiguration {
  /// Reads the store soon where memory is not new enough.
  fileprivate static var impatient: CacheConfiguration {
    var configuration = CacheConfiguration.quick
    configuration.linearizableWait = .milliseconds(20)
    return configuration
  }
}
