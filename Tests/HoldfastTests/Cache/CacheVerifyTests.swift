import Holdfast
import Testing

/// A server that loses events leaves a cache wrong, and live. Only a comparison finds out.
@Suite struct CacheVerifyTests {
  @Test func whatTheWatchLostIsFoundAndRepaired() async throws {
    try await withItems { cache, store, backend in
      for id in ["changed", "deleted", "same"] { try await backend.foreignPut(items, Item(id: id, n: 1)) }
      let before = try await backend.foreignPut(items, Item(id: "z", n: 1))
      try await cache.wait(for: before, timeout: .seconds(60))
      let first = try await cache.verify()
      #expect(first.isCorrect && first.keys == 4 && first.revision == before)

      backend.setLosesEvents(true)
      try await backend.foreignPut(items, Item(id: "changed", n: 2))
      try await backend.foreignDelete(items, "deleted")
      let last = try await backend.foreignPut(items, Item(id: "new", n: 1))
      // Without a probe, which might find it as well.
      try await eventually { cache.health.revision == last }
      let wrong = try cache.get("changed")?.value.n
      #expect(wrong == 1 && cache.health.isLive, "or the test shows nothing")
      backend.setLosesEvents(false)

      let found = try await cache.verify()
      #expect(found.differences == ["changed", "deleted", "new"])
      #expect(found.revision == last)
      try await eventually { try cache.get("changed")?.value.n == 2 }
      let keys = try cache.list().map(\.key)
      #expect(keys == ["changed", "new", "same", "z"])
      try await cache.waitUntilLive(timeout: .seconds(60))
      let healed = try await cache.verify()
      #expect(healed.isCorrect)
    }
  }

  @Test func itComparesUnderLoadAndAcrossCompactions() async throws {
    try await withItems { cache, store, backend in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          for n in 0..<1_000 {
            let revision = try await store.execute(items.put(Item(id: "k\(n % 50)", n: n))).modRevision
            if n % 100 == 0 { _ = try await backend.compact(CompactRequest(revision)) }
          }
        }
        group.addTask {
          for _ in 0..<50 {
            do {
              let verification = try await cache.verify()
              #expect(verification.isCorrect)
            } catch let error as HoldfastError where error.code == .compacted {
              // As documented: the store is compacted faster than it can be read.
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }
}
