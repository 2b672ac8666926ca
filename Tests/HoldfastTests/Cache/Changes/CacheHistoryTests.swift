import Holdfast
import Testing

/// Reads of the past, as the store itself answers them.
@Suite struct CacheHistoryTests {
  @Test func aReadInThePastIsWhatTheStoreSays() async throws {
    try await withItems(configuration: .remembering(30)) { cache, store, backend in
      for n in 0..<100 {
        switch n % 4 {
        case 0, 1: try await backend.foreignPut(items, Item(id: "k\(n % 7)", n: n))
        case 2: try await store.transaction(items.put(Item(id: "a", n: n)), items.put(Item(id: "b", n: n)))
        default: try await backend.foreignDelete(items, "k\(n % 7)")
        }
      }
      let now = try await cache.snapshot(.linearizable, timeout: .seconds(60)).revision
      var answered = 0
      for back in 0..<Int64(40) {
        let revision = Revision(now.rawValue - back)
        do {
          let snapshot = try await cache.snapshot(.at(revision))
          var request = RangeRequest(items.range)
          request.revision = revision
          #expect(try await Array(snapshot.list()) == backend.range(request).keyValues.map(items.decode))
          #expect(snapshot.revision == revision)
          answered += 1
        } catch let error as HoldfastError where error.code == .compacted {
          #expect(back >= 30)
          #expect(try #require(error.compactRevision) > revision)
        } catch {
          throw error
        }
      }
      #expect(answered >= 30 && answered < 40)
      #expect(code { try cache.snapshot(at: now.next) } == .futureRevision)
    }
  }

  /// No watch brings the cache there, but a proof.
  @Test func whatASnapshotStatesCanBeReadAgain() async throws {
    try await withItems { cache, _, backend in
      let first = try await backend.foreignPut(items, Item(id: "a", n: 1))
      try await cache.wait(for: first, timeout: .seconds(60))
      backend.setWatchCut(true)
      let last = try await backend.foreignPut(others, Item(id: "o", n: 1))
      let snapshot = try await cache.snapshot(.linearizable, timeout: .seconds(60))
      #expect(snapshot.revision >= last)
      #expect(try cache.snapshot(at: snapshot.revision).get("a")?.value.n == 1)
      backend.setWatchCut(false)
    }
  }

  @Test func withoutHistoryOnlyThePresentIsThere() async throws {
    try await withItems(configuration: .remembering(0)) { cache, _, backend in
      try await backend.foreignPut(items, Item(id: "a", n: 1))
      let now = try await backend.foreignPut(items, Item(id: "a", n: 2))
      try await cache.wait(for: now, timeout: .seconds(60))
      #expect(try cache.snapshot(at: now).get("a")?.value.n == 2)
      #expect(code { try cache.snapshot(at: now.previous) } == .compacted)
      #expect(code { try cache.snapshot(at: now.next) } == .futureRevision)
      // Streams work all the same, and resume at the present.
      var updates = cache.changes(after: now).makeAsyncIterator()
      async let next = updates.next()
      try await eventually { cache.changeConsumers == 1 }
      try await backend.foreignPut(items, Item(id: "a", n: 3))
      #expect(try await next?.text == "changes ~a=2>3")
    }
  }
}
