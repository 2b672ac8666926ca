import Holdfast
import HoldfastEmbedded
import Testing

/// G2 and rules 1, 6, 7 and 12: what was acknowledged is in memory when the write returns, with the watch held back so that
/// nothing else can have brought it.
@Suite struct CacheWriteTests {
  @Test func everyWriteIsVisibleWhenItReturns() async throws {
    try await withItems { cache, store, backend in
      try await cache.put(Item(id: "foreign/1", n: 1))
      backend.setWatchCut(true)
      let created = try await cache.create(Item(id: "a", n: 1))
      #expect(try cache.get("a")?.version == 1)
      #expect(try cache.get("a")?.createRevision == created.modRevision)
      let updated = try await cache.update(created) { $0.n = 2 }
      #expect(try cache.get("a") == updated)
      #expect(updated.version == 2 && updated.createRevision == created.createRevision)
      // A put of a key that is absent: version 1, and one that exists: one more.
      #expect(try await cache.put(Item(id: "b", n: 1)).version == 1)
      #expect(try cache.get("b")?.version == 1)
      try await cache.put(Item(id: "b", n: 2))
      #expect(try cache.get("b")?.version == 2)
      #expect(try await cache.delete("b") == 1)
      #expect(try cache.get("b") == nil)
      #expect(try await cache.delete(updated) == 1)
      #expect(try !cache.exists("a"))
      #expect(try await cache.delete(prefix: "foreign") == 1)
      #expect(try cache.count() == 0)
    }
  }

  @Test func prefixDeleteLeavesTheSiblingInMemoryAndStore() async throws {
    try await withItems { cache, store, backend in
      for id in ["1/x", "10/x", "1"] { try await cache.put(Item(id: id, n: 0)) }
      backend.setWatchCut(true)
      #expect(try await cache.delete(prefix: "1") == 1)
      #expect(try cache.list().map(\.key) == ["1", "10/x"])
      #expect(try await store.execute(items.list()).map(\.key) == ["1", "10/x"])
    }
  }

  @Test func prefixDeleteHidesWhatHasNotArrivedYet() async throws {
    try await withItems { cache, _, backend in
      backend.setWatchCut(true)
      try await backend.foreignPut(items, Item(id: "p/late", n: 1))
      #expect(try await cache.delete(prefix: "p") == 1)
      let after = try await backend.foreignPut(items, Item(id: "p/new", n: 2))
      backend.setWatchCut(false)
      try await cache.wait(for: after, timeout: .seconds(60))
      #expect(try cache.list().map(\.key) == ["p/new"])
    }
  }

  @Test func aTransactionReachesEveryCacheItTouches() async throws {
    try await withItems { cache, store, backend in
      try await store.withCache(of: others, configuration: .quick) { second in
        let mine = try await cache.put(Item(id: "a", n: 1))
        backend.setWatchCut(true)
        let (removed, moved) = try await store.transaction(items.delete(mine), others.create(Item(id: "a", n: 1)))
        #expect(removed == 1)
        #expect(try cache.get("a") == nil)
        #expect(try second.get("a") == moved)
      }
    }
  }

  @Test func twoCachesOfOneKeyspaceBothShowIt() async throws {
    try await withItems { cache, store, backend in
      try await store.withCache(of: items, configuration: .quick) { second in
        backend.setWatchCut(true)
        try await second.put(Item(id: "a", n: 1))
        #expect(try cache.get("a")?.value.n == 1)
      }
    }
  }

  @Test func theBranchThatWasTakenIsWrittenThroughNestedToo() async throws {
    try await withItems { cache, store, backend in
      backend.setWatchCut(true)
      let put = { (id: String) in
        StoreRequest.put(
          PutRequest(key: items.storeKey(for: id), value: try items.encode(Item(id: id, n: 1)), previous: true))
      }
      let inner = TransactionRequest(
        compares: [Compare(key: "/t/none", .version(1))], success: [try put("no")], failure: [try put("yes")])
      _ = try await store.transact(TransactionRequest(success: [.transaction(inner), try put("too")]))
      #expect(try cache.list().map(\.key) == ["too", "yes"])
    }
  }

  @Test func aPutOfWhichTheVersionIsUnknownWaitsForTheWatch() async throws {
    try await withItems { cache, store, _ in
      let request = PutRequest(key: items.storeKey(for: "a"), value: try items.encode(Item(id: "a", n: 1)))
      _ = try await store.transact(TransactionRequest(success: [.put(request)]))
      #expect(try cache.get("a")?.version == 1)
    }
  }

  @Test func anUnknownOutcomeNeverEntersMemoryByItself() async throws {
    try await withItems { cache, _, backend in
      try await cache.put(Item(id: "a", n: 1))
      backend.setWatchCut(true)
      backend.setLosesWriteAnswers(true)
      await #expect {
        try await cache.put(Item(id: "a", n: 2))
      } throws: { error in
        (error as? HoldfastError)?.outcome == .unknown
      }
      #expect(try cache.get("a")?.value.n == 1)
      backend.setWatchCut(false)
      try await eventually { try cache.get("a")?.value.n == 2 }
    }
  }

  @Test func aRefusedWriteChangesNothing() async throws {
    try await withItems { cache, _, _ in
      let first = try await cache.put(Item(id: "a", n: 1))
      let second = try await cache.put(Item(id: "a", n: 2))
      do {
        try await cache.update(first) { $0.n = 3 }
        Issue.record("the update of a value that was changed must be refused")
      } catch let error as HoldfastError {
        #expect(error.code == .revisionMismatch && error.outcome == .refused)
        #expect(try error.current(in: items) == second)
        #expect(error.revision == second.modRevision)
      }
      #expect(try cache.get("a") == second)
    }
  }

  @Test func writesWorkWithoutAnyCache() async throws {
    try await withEmbedded { engine in
      try await withStore(.backend(engine), logger: .quiet) { store in
        let cache = Cache(of: items, in: store)
        try await cache.put(Item(id: "a", n: 1))
        #expect(try await store.execute(items.get("a"))?.value.n == 1)
      }
    }
  }
}
