import Holdfast
import Testing

/// Snapshots: exactly one revision (G3), and new enough where that is asked for (G4).
@Suite struct CacheSnapshotTests {
  @Test func aSnapshotIsOneRevisionAndNeverChanges() async throws {
    try await withItems { cache, store, backend in
      var last = Revision.zero
      for n in 0..<2_000 { last = try await backend.foreignPut(items, Item(id: "k\(n % 700)", n: n)) }
      try await backend.foreignPut("/t/items/bad", "{")
      let snapshot = try await cache.snapshot(.atLeast(last.next))
      #expect(snapshot.revision == last.next)
      try await store.execute(items.delete(prefix: ""))
      try await cache.put(Item(id: "k1", n: -1))

      var request = RangeRequest(items.range)
      request.revision = snapshot.revision
      let expected = try await backend.range(request).keyValues.filter { $0.key != "/t/items/bad" }.map(items.decode)
      #expect(Array(snapshot.list()) == expected)
      #expect(snapshot.list().revision == snapshot.revision)
      #expect(snapshot.list().quarantined.map(\.key) == ["bad"])
      #expect(snapshot.count() == 701)
      #expect(snapshot.exists("bad") && snapshot.exists("k0") && !snapshot.exists("nothing"))
      #expect(throws: HoldfastError.self) { try snapshot.get("bad") }
      #expect(try snapshot.get("k1")?.value.n == 1_401)
      #expect(snapshot.get(["k1", "x"]).missing == ["x"])
      #expect(snapshot.list(from: "k698", to: "k7").map(\.key) == ["k698", "k699"])
      let now = try cache.get("k1")?.value.n
      #expect(now == -1)
    }
  }

  @Test func ownWritesAreInItWhenTheWatchHasBroughtThem() async throws {
    try await withItems { cache, store, backend in
      backend.setWatchCut(true)
      let stored = try await cache.put(Item(id: "own", n: 1))
      let local = try cache.exists("own")
      #expect(local)
      let before = try cache.snapshot()
      #expect(!before.exists("own") && before.revision < stored.modRevision)
      let error = await #expect(throws: HoldfastError.self) {
        try await cache.snapshot(.includingMyWrites, timeout: .milliseconds(20))
      }
      #expect(error?.code == .timeout)
      backend.setWatchCut(false)
      let after = try await cache.snapshot(.includingMyWrites, timeout: .seconds(60))
      #expect(after.exists("own") && after.revision >= stored.modRevision)
      #expect(!before.exists("own"))
    }
  }

  /// Two keys that are only written together are never seen apart, whatever the reader's timing.
  @Test func aTransactionIsInItWholeOrNotAtAll() async throws {
    try await withItems { cache, store, backend in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          for n in 1...500 {
            try await store.transaction(items.put(Item(id: "a", n: n)), items.put(Item(id: "z", n: n)))
          }
        }
        group.addTask {
          var last = Revision.zero
          while true {
            let snapshot = try cache.snapshot()
            #expect(snapshot.revision >= last, "snapshots never go back")
            last = snapshot.revision
            let pair = try ["a", "z"].map { try snapshot.get($0)?.value.n }
            #expect(pair[0] == pair[1])
            if pair[0] == 500 { return }
            await Task.yield()
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test func withoutAnythingLoadedThereIsNone() async throws {
    try await withItems { _, store, _ in
      let cache = Cache(of: others, in: store)
      let error = #expect(throws: HoldfastError.self) { try cache.snapshot() }
      #expect(error?.code == .notStarted)
    }
  }
}
