import HoldfastEmbedded
import Testing

@testable import Holdfast

/// Whether the cache follows, told as it changes (G8).
@Suite struct CacheHealthTests {
  @Test func everyStateIsToldOnce() async throws {
    try await withEmbedded { engine in
      let backend = FaultyBackend(engine)
      backend.setAway(true)
      try await withStore(.backend(backend), logger: .quiet) { store in
        let cache = Cache(of: items, in: store, configuration: .quick)
        var updates = cache.healthUpdates.makeAsyncIterator()
        #expect(await updates.next()?.state == .idle)
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { try await cache.run() }
          // What came and went unseen is left out.
          var health = await updates.next()
          while health?.cause == nil { health = await updates.next() }
          #expect(health?.state == .connecting)
          #expect(health?.cause?.code == .unavailable)
          backend.setAway(false)
          while health?.isLive != true { health = await updates.next() }
          #expect(health?.quarantined == 0)
          try await engine.foreignPut("/t/items/bad", "{")
          #expect(await updates.next()?.quarantined == 1)
          try await engine.foreignPut(items, Item(id: "bad", n: 1))
          #expect(await updates.next()?.quarantined == 0)
          backend.setWatchCut(true)
          try await engine.foreignPut(items, Item(id: "a", n: 1))
          while health?.state != .stale { health = await updates.next() }
          #expect(health?.cause?.code == .unavailable)
          backend.setWatchCut(false)
          while health?.isLive != true { health = await updates.next() }
          group.cancelAll()
        }
        var last = await updates.next()
        while last?.state != .stopped { last = await updates.next() }
      }
    }
  }

  @Test func waitingForLiveFailsWithTheCause() async throws {
    try await withEmbedded { engine in
      let backend = FaultyBackend(engine)
      backend.setAway(true)
      let cache = Cache(of: items, in: Store(backend: backend, logger: .quiet), configuration: .quick)
      let early = await #expect(throws: HoldfastError.self) {
        try await cache.waitUntilLive(timeout: .milliseconds(20))
      }
      #expect(early?.code == .notStarted)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await cache.run() }
        try await eventually { cache.health.cause != nil }
        let error = await #expect(throws: HoldfastError.self) {
          try await cache.waitUntilLive(timeout: .milliseconds(20))
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("the store is away") == true)
        backend.setAway(false)
        try await cache.waitUntilLive(timeout: .seconds(60))
        #expect(cache.health.isLive)
        let waiter = Task { try await cache.waitUntilLive(timeout: .seconds(60)) }
        try await waiter.value
        group.cancelAll()
      }
      let late = await #expect(throws: HoldfastError.self) { try await cache.waitUntilLive(timeout: .seconds(60)) }
      #expect(late?.code == .stopped)
    }
  }

  @Test func waitingForLiveMayBeginBeforeTheCacheRuns() async throws {
    try await withEmbedded { engine in
      let cache = Cache(of: items, in: Store(backend: engine, logger: .quiet), configuration: .quick)
      try await withThrowingTaskGroup(of: Void.self) { group in
        let waiter = Task { try await cache.waitUntilLive(timeout: .seconds(60)) }
        // It follows the health already, and finds that nothing runs.
        try await eventually { cache.healthObservers.count == 1 }
        group.addTask { try await cache.run() }
        try await waiter.value
        #expect(cache.health.isLive)
        group.cancelAll()
      }
    }
  }

  @Test func aCancelledConsumerEnds() async throws {
    try await withItems { cache, _, _ in
      let consumer = Task {
        var count = 0
        for await _ in cache.healthUpdates { count += 1 }
        return count
      }
      try await cache.waitUntilLive(timeout: .seconds(60))
      consumer.cancel()
      #expect(await consumer.value <= 4)
    }
  }
}
