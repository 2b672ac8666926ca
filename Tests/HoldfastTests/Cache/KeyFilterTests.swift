import HoldfastEmbedded
import Testing

@testable import Holdfast

/// Caches that hold the values of some keys only.
@Suite struct KeyFilterTests {
  private static let decodings = [CacheConfiguration.Decoding.eager, .onDemand]

  /// Of `items`, with those under `in/` and without those under `out/`.
  private func withPart<R: Sendable>(
    _ decoding: CacheConfiguration.Decoding = .eager, configuration: CacheConfiguration = .quick,
    _ body: (Cache<Item>, Store, FaultyBackend) async throws -> R
  ) async throws -> R {
    var configuration = configuration
    configuration.decoding = decoding
    configuration.keyFilter = { $0.description.hasPrefix("in/") }
    return try await withEmbedded { engine in
      let backend = FaultyBackend(engine)
      for (n, id) in ["in/1", "in/2", "out/1", "out/2"].enumerated() {
        try await backend.foreignPut(items, Item(id: id, n: n))
      }
      return try await withStore(.backend(backend), logger: .quiet) { store in
        try await store.withCache(of: items, configuration: configuration) { try await body($0, store, backend) }
      }
    }
  }

  @Test(arguments: decodings) func readsShowWhatItHolds(_ decoding: CacheConfiguration.Decoding) async throws {
    try await withPart(decoding) { cache, store, backend in
      #expect(try cache.list().map(\.value.id) == ["in/1", "in/2"])
      #expect(try cache.list(prefix: "out").map(\.value.id) == [])
      #expect(try cache.count() == 2 && cache.size.entries == 2)
      #expect(try cache.get("in/2")?.value.n == 1)
      #expect(try cache.get("in/3") == nil && !cache.exists("in/3"))
      let snapshot = try cache.snapshot()
      #expect(snapshot.list().map(\.value.id) == ["in/1", "in/2"] && snapshot.count() == 2)
      // Written here and by others, and deleted.
      try await cache.put(Item(id: "out/1", n: 7))
      try await cache.put(Item(id: "in/3", n: 8))
      try await backend.foreignPut(items, Item(id: "out/3", n: 9))
      let last = try await backend.foreignDelete(items, "in/1")
      try await cache.wait(for: last, timeout: .seconds(60))
      #expect(try cache.list().map(\.value.id) == ["in/2", "in/3"])
      #expect(try cache.snapshot().list().map(\.value.n) == [1, 8])
      #expect(try cache.snapshot(at: snapshot.revision).list().map(\.value.id) == ["in/1", "in/2"])
      let verification = try await cache.verify()
      #expect(verification.isCorrect && verification.keys == 5)
      #expect(cache.health.quarantined == 0)
    }
  }

  /// "There is none" would be a lie.
  @Test(arguments: decodings) func readsOfOthersAreRefused(_ decoding: CacheConfiguration.Decoding) async throws {
    try await withPart(decoding) { cache, _, _ in
      func refused(_ body: () throws -> Void) {
        let error = #expect(throws: HoldfastError.self, performing: body)
        #expect(error?.code == .invalidArgument && error?.key == "/t/items/out/1")
        #expect(error?.message.contains("read it from the store") == true)
      }
      refused { _ = try cache.get("out/1") }
      refused { _ = try cache.get(["in/1", "out/1"]) }
      refused { _ = try cache.exists("out/1") }
      refused { try cache.withValue(of: "out/1") { $0.n } }
      let snapshot = try cache.snapshot()
      refused { _ = try snapshot.get("out/1") }
      #expect(try snapshot.get("out/9") == nil, "it knows which keys there are")
      #expect(snapshot.exists("out/1") && !snapshot.exists("out/9"))
      let found = snapshot.get(["in/1", "out/1", "out/9"])
      #expect(found.found.map(\.value.n) == [0] && found.missing == ["out/9"])
      #expect(found.quarantined.map(\.error.code) == [.invalidArgument])
    }
  }

  @Test func bytesThatNobodyDecodesHarmNobody() async throws {
    try await withPart { cache, _, backend in
      try await backend.foreignPut(items.storeKey(for: "out/1"), "no JSON")
      let last = try await backend.foreignPut(items.storeKey(for: "in/1"), "no JSON")
      try await cache.wait(for: last, timeout: .seconds(60))
      #expect(cache.health.quarantined == 1)
      #expect(try cache.list().quarantined.map(\.key) == ["in/1"])
    }
  }

  @Test func changesTellOfWhatItHolds() async throws {
    try await withPart { cache, _, backend in
      var changes = cache.changes().makeAsyncIterator()
      let initial = try await changes.next()
      #expect(initial?.changes.map(\.key) == ["in/1", "in/2"])
      try await backend.foreignPut(items, Item(id: "out/1", n: 5))
      try await backend.foreignDelete(items, "out/2")
      let last = try await backend.foreignPut(items, Item(id: "in/1", n: 6))
      let update = try await changes.next()
      #expect(update?.changes.map(\.key) == ["in/1"] && update?.revision == last)
      #expect(update?.changes.first?.previous?.value.n == 0)
    }
  }

  @Test func changesOfAnotherKeyAreRefused() async throws {
    try await withPart { cache, _, _ in
      var changes = cache.changes(key: "out/1").makeAsyncIterator()
      let error = await #expect(throws: HoldfastError.self) { _ = try await changes.next() }
      #expect(error?.code == .invalidArgument && error?.key == "/t/items/out/1")
    }
  }

  /// Limits are for what is held.
  @Test func whatItLeavesOutTakesNothingOfTheLimits() async throws {
    var configuration = CacheConfiguration.quick
    configuration.historyBytes = 500
    try await withPart(configuration: configuration) { cache, _, backend in
      let first = try cache.snapshot().revision
      for _ in 0..<2 {
        try await backend.foreignPut(items.storeKey(for: "out/1"), String(repeating: "x", count: 1_000))
      }
      let last = try await backend.foreignPut(items, Item(id: "in/1", n: 5))
      try await cache.wait(for: last, timeout: .seconds(60))
      #expect(try cache.snapshot(at: first).get("in/1")?.value.n == 0)
    }
  }

  /// Also where they are told by comparison.
  @Test func resyncsTellOfWhatItHolds() async throws {
    try await withPart { cache, _, backend in
      var changes = cache.changes(policy: .dropAndResync.limited(entries: 1)).makeAsyncIterator()
      _ = try await changes.next()
      var last = Revision.zero
      for n in 10..<14 {
        for id in ["out/1", "in/1", "in/2"] { last = try await backend.foreignPut(items, Item(id: id, n: n)) }
      }
      try await cache.wait(for: last, timeout: .seconds(60))
      var told: [Key] = []
      var sawResync = false
      var reached = Revision.zero
      while reached < last, let update = try await changes.next() {
        told += update.changes.map(\.key)
        sawResync = sawResync || update.kind == .resync
        reached = update.revision
      }
      #expect(sawResync && Set(told) == ["in/1", "in/2"])
    }
  }

  /// Transactions read of the store what the cache leaves out, as it was in the snapshot.
  @Test func transactionsReadEverything() async throws {
    try await withPart { cache, store, backend in
      let old = try cache.snapshot()
      let ranges = backend.ranges
      let sum = try await store.atomically(from: old) { tx in
        let listed = try await tx.list(items).reduce(0) { $0 + $1.value.n }
        let single = try await tx.get(items, "out/2")?.value.n ?? 0
        try tx.put(items, Item(id: "out/sum", n: listed + single))
        return listed + single
      }
      #expect(sum == 9 && backend.ranges > ranges)
      #expect(try await store.execute(items.get("out/sum"))?.value.n == 9)
      // What has changed since is found out, and read anew.
      try await backend.foreignPut(items, Item(id: "out/2", n: 100))
      let now = try await store.atomically(from: old) { tx in
        let value = try await tx.get(items, "out/2")?.value.n ?? 0
        try tx.put(items, Item(id: "in/copy", n: value))
        return value
      }
      #expect(now == 100)
      #expect(try cache.get("in/copy")?.value.n == 100)
    }
  }
}
