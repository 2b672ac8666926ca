import Holdfast
import HoldfastEmbedded
import Synchronization
import Testing

/// Many caches of one store do not come to it all at once.
@Suite struct CacheListSharingTests {
  private func withStoreAndMeter(_ body: (Store, FaultyBackend, ListMeter) async throws -> Void) async throws {
    try await withEmbedded { engine in
      let backend = FaultyBackend(engine)
      let meter = ListMeter()
      backend.setMeter(meter)
      try await withStore(.backend(backend), logger: .quiet) { try await body($0, backend, meter) }
    }
  }

  private func running(_ caches: [Cache<Item>], _ body: () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for cache in caches { group.addTask { try await cache.run() } }
      try await body()
      group.cancelAll()
    }
  }

  /// The first list is for one, since it may be of before the others asked; the next is for all others.
  @Test func fiftyCachesOfOneRangeListOnceEachGeneration() async throws {
    try await withStoreAndMeter { store, backend, meter in
      let caches = (0..<50).map { _ in Cache(of: items, in: store, configuration: .quick) }
      try await running(caches) {
        try await eventually { store.lists.callers == 50 }
        #expect(meter.total == 1)
        let last = try await backend.foreignPut(items, Item(id: "a", n: 1))
        meter.open()
        for cache in caches { try await cache.waitUntilLive(timeout: .seconds(60)) }
        for cache in caches { try await cache.wait(for: last, timeout: .seconds(60)) }
        #expect(meter.total == 2)
        #expect(meter.mostOfOneRange == 1)
        #expect(store.lists.callers == 0)

        // All of them lose what happened, and must list again.
        meter.shut()
        backend.setWatchCut(true)
        let gone = try await backend.foreignDelete(items, "a")
        _ = try await backend.compact(CompactRequest(gone))
        backend.setWatchCut(false)
        try await eventually { store.lists.callers == 50 }
        meter.open()
        for cache in caches { try await cache.wait(for: gone, timeout: .seconds(60)) }
        for cache in caches { #expect(try cache.list().isEmpty) }
        #expect(meter.total == 4)
      }
    }
  }

  /// All who share a list see how far it is.
  @Test func howMuchHasArrivedIsTold() async throws {
    try await withStoreAndMeter { store, backend, meter in
      for start in stride(from: 0, to: 10_500, by: 100) {
        let puts = (start..<start + 100).map {
          StoreRequest.put(PutRequest(key: Key("/t/items/\($0)"), value: [123, 125]))
        }
        _ = try await backend.transact(TransactionRequest(success: puts))
      }
      let caches = (0..<3).map { _ in Cache(of: items, in: store, configuration: .quick) }
      try await running(caches) {
        try await eventually { store.lists.callers == 3 }
        // The first of several pages comes in a transaction. The second list's second page is held up.
        let openings = Mutex(0)
        backend.afterTransaction {
          let opened = openings.withLock { count in
            count += 1
            return count
          }
          if opened == 2 { meter.shut() }
        }
        meter.open()
        try await eventually { caches.filter { $0.health.progress?.keys == 10_000 }.count == 2 }
        let health = try #require(caches.lazy.map(\.health).first { $0.progress?.keys == 10_000 })
        #expect(health.state == .loading && health.progress?.total == 10_500)
        #expect("\(health)".hasPrefix("loading, 10000 of 10500 keys"))
        meter.open()
        for cache in caches { try await cache.waitUntilLive(timeout: .seconds(60)) }
        #expect(caches.allSatisfy { $0.health.progress == nil })
      }
    }
  }

  @Test func fourRangesAreListedAtOnce() async throws {
    try await withStoreAndMeter { store, _, meter in
      let caches = (0..<50).map { number in
        let keyspace = Keyspace<Item>(prefix: Key("/t/\(number % 10)/")) { $0.id }
        return Cache(of: keyspace, in: store, configuration: .quick)
      }
      try await running(caches) {
        try await eventually { store.lists.callers == 50 && meter.inFlight == 4 }
        meter.open()
        for cache in caches { try await cache.waitUntilLive(timeout: .seconds(60)) }
        #expect(meter.mostInFlight == 4)
        #expect(meter.mostOfOneRange == 1)
        // Four were sent when nobody else had asked; then each range was listed once for all others.
        #expect(meter.total == 14)
      }
    }
  }

  @Test func aCacheWhoseLeaderIsStoppedStillLoads() async throws {
    try await withStoreAndMeter { store, _, meter in
      let caches = (0..<3).map { _ in Cache(of: items, in: store, configuration: .quick) }
      var runs: [Task<Void, any Error>] = []
      for (index, cache) in caches.enumerated() {
        runs.append(Task { try await cache.run() })
        try await eventually { store.lists.callers == index + 1 }
      }
      #expect(meter.total == 1)
      // The second leads for the third once the first is gone; then the third has to do it itself.
      for stopped in 0..<2 {
        runs[stopped].cancel()
        try await runs[stopped].value
        #expect(caches[stopped].health.state == .stopped)
        try await eventually { meter.total == stopped + 2 }
        #expect(store.lists.callers == 2 - stopped)
      }
      meter.open()
      try await caches[2].waitUntilLive(timeout: .seconds(60))
      #expect(meter.mostInFlight == 1)
      #expect(store.lists.callers == 0)
      runs[2].cancel()
      try await runs[2].value
    }
  }

  @Test func aCacheThatIsStoppedWhileItWaitsReturnsAtOnce() async throws {
    try await withStoreAndMeter { store, _, meter in
      let caches = (0..<2).map { _ in Cache(of: items, in: store, configuration: .quick) }
      var runs: [Task<Void, any Error>] = []
      for (index, cache) in caches.enumerated() {
        runs.append(Task { try await cache.run() })
        try await eventually { store.lists.callers == index + 1 }
      }
      runs[1].cancel()
      // The list of the first is still held up.
      try await runs[1].value
      #expect(store.lists.callers == 1)
      meter.open()
      try await caches[0].waitUntilLive(timeout: .seconds(60))
      #expect(meter.total == 1)
      runs[0].cancel()
      try await runs[0].value
    }
  }

  @Test func aListThatFailsFailsForAllWhoShareIt() async throws {
    try await withStoreAndMeter { store, backend, meter in
      let lists = (0..<5).map { _ in Task { try await store.lists.list(items.range, from: backend) } }
      try await eventually { store.lists.callers == 5 }
      let error = HoldfastError(.unavailable, "not now")
      meter.open(error: error)
      for list in lists { await #expect(throws: error) { try await list.value } }
      #expect(meter.total == 2)
      #expect(store.lists.callers == 0)
    }
  }
}
