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

extension CacheVerifyTests {
  /// Nobody calls it, and what a server lost is repaired all the same.
  @Test func onATimerItIsRepairedByItself() async throws {
    var configuration = CacheConfiguration.quick
    configuration.verification = .every(.milliseconds(100))
    // So that no probe finds it first.
    configuration.probeInterval = .seconds(3_600)
    try await withItems(configuration: configuration) { cache, _, backend in
      try await backend.foreignPut(items, Item(id: "a", n: 1))
      backend.setLosesEvents(true)
      let last = try await backend.foreignPut(items, Item(id: "b", n: 1))
      try await eventually { cache.health.revision.map { $0 >= last } ?? false }
      backend.setLosesEvents(false)
      try await eventually { try cache.exists("b") }
    }
  }

  /// The state of an idle keyspace is of a revision that has been compacted since.
  @Test func anIdleKeyspaceIsVerifiedAfterACompaction() async throws {
    try await withItems { cache, _, backend in
      let first = try await backend.foreignPut(items, Item(id: "a", n: 1))
      try await cache.wait(for: first, timeout: .seconds(60))
      for n in 0..<5 { try await backend.foreignPut(others, Item(id: "o", n: n)) }
      let last = try await backend.foreignPut(others, Item(id: "o", n: 9))
      _ = try await backend.compact(CompactRequest(last))
      let verification = try await cache.verify()
      #expect(verification.isCorrect && verification.keys == 1 && verification.revision >= last)
    }
  }
}
