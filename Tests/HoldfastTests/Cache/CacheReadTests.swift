import Holdfast
import HoldfastEmbedded
import Testing

@Suite struct CacheReadTests {
  @Test func readsAreLocalAndInKeyOrder() async throws {
    try await withItems { cache, _, backend in
      for id in ["b/2", "a/1", "b/1", "c", "b0/1"] { try await cache.put(Item(id: id, n: 1)) }
      let before = backend.transactions
      #expect(try cache.list().map(\.key) == ["a/1", "b/1", "b/2", "b0/1", "c"])
      #expect(try cache.list(prefix: "b").map(\.key) == ["b/1", "b/2"])
      #expect(try cache.list(prefix: "b/").map(\.key) == ["b/1", "b/2"])
      #expect(try cache.list(from: "b/2", to: "c").map(\.key) == ["b/2", "b0/1"])
      #expect(try cache.list(from: "b0/1").map(\.key) == ["b0/1", "c"])
      #expect(try cache.count(prefix: "b") == 2)
      for prefix in ["", "/", "b", "b/", "b//", "b/1", "b0", "x"] {
        #expect(try cache.count(prefix: prefix) == cache.list(prefix: prefix).total, "\(prefix)")
      }
      #expect(try cache.count() == 5)
      #expect(try cache.get("c")?.value == Item(id: "c", n: 1))
      #expect(try cache.get("c")?.storeKey == "/t/items/c")
      #expect(try cache.get("d") == nil)
      #expect(try cache.exists("c") && !cache.exists("d"))
      let lookup = try cache.get(["c", "x", "a/1"])
      #expect(lookup.found.map(\.key) == ["c", "a/1"])
      #expect(lookup.missing == ["x"])
      #expect(backend.transactions == before)
    }
  }

  @Test func sizeFollowsWhatIsHeld() async throws {
    try await withItems { cache, _, _ in
      #expect(try [cache.size.entries, cache.size.bytes] == [0, 0])
      let stored = try await cache.put(Item(id: "a", n: 1))
      let bytes = stored.storeKey.bytes.count + (try items.encode(stored.value)).count
      #expect(try [cache.size.entries, cache.size.bytes] == [1, bytes])
      try await cache.put(Item(id: "a", n: 2))
      #expect(try [cache.size.entries, cache.size.bytes] == [1, bytes])
      try await cache.delete("a")
      #expect(try [cache.size.entries, cache.size.bytes] == [0, 0])
    }
  }

  @Test func whatWasThereBeforeIsLoaded() async throws {
    try await withEmbedded { engine in
      for n in 0..<300 { try await engine.foreignPut(items, Item(id: "k\(n)", n: n)) }
      try await withStore(.backend(engine), logger: .quiet) { store in
        try await store.withCache(of: items, configuration: .quick) { cache in
          let count = try cache.count()
          #expect(count == 300)
          #expect(try cache.get("k299")?.value.n == 299)
          #expect(cache.health.isLive || cache.health.state == .loading)
        }
      }
    }
  }

  @Test func readsBeforeStartAndAfterStopSayWhy() async throws {
    try await withEmbedded { engine in
      try await withStore(.backend(engine), logger: .quiet) { store in
        let cache = Cache(of: items, in: store)
        #expect(throws: HoldfastError.self) { try cache.get("a") }
        #expect(code { try cache.list() } == .notStarted)
        #expect(cache.health.state == .idle)
        await #expect(throws: HoldfastError.self) { try await cache.wait(for: 1, timeout: .seconds(1)) }
        let kept = try await store.withCache(of: items, configuration: .quick) { cache in
          try await cache.put(Item(id: "a", n: 1))
          return cache
        }
        #expect(code { try kept.get("a") } == .stopped)
        #expect(code { try kept.count() } == .stopped)
        #expect(kept.health.state == .stopped)
      }
    }
  }

  @Test func startingTwiceIsRefused() async throws {
    try await withItems { cache, _, _ in
      await #expect {
        try await cache.run()
      } throws: { error in
        (error as? HoldfastError)?.code == .alreadyRunning
      }
      let count = try cache.count()
      #expect(count == 0)
    }
  }
}

/// The code of what a read throws.
func code(_ body: () throws -> some Any) -> HoldfastError.Code? {
  do {
    _ = try body()
    return nil
  } catch {
    return (error as? HoldfastError)?.code
  }
}
