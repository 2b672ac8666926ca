import Holdfast
import HoldfastEmbedded
import HoldfastTesting
import Testing

/// A view of several caches at one revision (rule 12; G3 over all of them).
@Suite struct SeveralCachesTests {
  /// Somebody else moves an item to and fro, others write beside it, and it is always in exactly one of the two keyspaces.
  @Test(arguments: [1_000, 1, 0]) func whatIsMovedIsSeenOnce(history: Int) async throws {
    try await withTwo(.remembering(history)) { a, b, store, backend in
      try await backend.foreignPut(items, Item(id: "k", n: 0))
      let both = try await store.snapshot(.linearizable, of: a, b, timeout: .seconds(60))
      var last = both.0.revision
      for round in 0..<200 {
        async let moved: Void = {
          for n in 1...7 {
            let (to, from) = (round + n).isMultiple(of: 2) ? (items, others) : (others, items)
            try await backend.move(Item(id: "k", n: n), from: from, to: to)
          }
        }()
        async let besides: Void = {
          for n in 0..<9 { try await backend.foreignPut(["/t/items/x", "/t/others/x", "/t/z"][n % 3], "\(n)") }
        }()
        let (here, there) = try await store.snapshot(of: a, b, timeout: .seconds(60))
        #expect(here.revision == there.revision && here.revision >= last)
        last = here.revision
        #expect(here.exists("k") != there.exists("k"), "at \(here.revision)")
        // The caches' own snapshots do not go back behind it.
        #expect(try min(a.snapshot().revision, b.snapshot().revision) >= last)
        _ = try await (moved, besides)
      }
    }
  }

  /// The store moves and the keyspaces do not: they are looked at at the revision of the one that is further.
  @Test func idleCachesAreProvenAtTheHighestMark() async throws {
    try await withTwo { a, b, store, backend in
      try await backend.foreignPut(others, Item(id: "o", n: 1))
      let written = try await backend.foreignPut(items, Item(id: "k", n: 1))
      try await a.wait(for: written, timeout: .seconds(60))
      for _ in 0..<50 { try await backend.foreignPut("/t/z", "elsewhere") }
      let (here, there) = try await store.snapshot(of: a, b, timeout: .seconds(60))
      #expect(here.revision == there.revision && here.revision >= written)
      #expect(here.exists("k") && there.exists("o") && there.count() == 1)
      // Now they agree, and nobody has to be asked.
      let before = backend.ranges
      let again = try await store.snapshot(of: a, b, timeout: .zero)
      #expect(again.0.revision == again.1.revision && again.0.revision >= here.revision)
      #expect(backend.ranges == before)
    }
  }

  @Test func aLinearizableViewHasEverythingThatWasAcknowledgedBefore() async throws {
    try await withTwo { a, b, store, backend in
      for n in 1...50 {
        let written = try await backend.foreignPut(n.isMultiple(of: 2) ? items : others, Item(id: "k", n: n))
        let (here, there) = try await store.snapshot(.linearizable, of: a, b, timeout: .seconds(60))
        #expect(here.revision >= written && here.revision == there.revision)
        #expect(try max(here.get("k")?.value.n ?? 0, there.get("k")?.value.n ?? 0) == n)
        #expect(here.freshness.age != nil && there.freshness.age != nil)
      }
      let mine = try await store.commit(items.put(Item(id: "k", n: 99)))
      let (here, there) = try await store.snapshot(.includingMyWrites, of: a, b, timeout: .seconds(60))
      #expect(try here.get("k")?.value.n == 99 && here.revision == there.revision)
      let later = try await backend.foreignPut(others, Item(id: "k", n: 100))
      let (_, last) = try await store.snapshot(.atLeast(later), of: a, b, timeout: .seconds(60))
      #expect(try last.get("k")?.value.n == 100 && last.revision >= mine.revision)
      #expect(
        await code { try await store.snapshot(.atLeast(Revision(later.rawValue + 1_000)), of: a, b) } == .futureRevision
      )
      let foreign = RevisionToken(clusterID: mine.header.clusterID &+ 1, revision: later)
      #expect(await code { try await store.snapshot(.atLeast(foreign), of: a, b) } == .invalidArgument)
      #expect(await code { try await store.snapshot(.at(later), of: a, b) } == .invalidArgument)
      #expect(await code { try await store.snapshot(.maxStaleness(.zero), of: a, b) } == .invalidArgument)
    }
  }

  @Test func whichCachesMayBeRead() async throws {
    try await withTwo { a, b, store, backend in
      let written = try await backend.foreignPut(items, Item(id: "k", n: 1))
      try await a.wait(for: written, timeout: .seconds(60))
      // One alone is no tuple, and the same one may be there twice.
      let one = try await store.snapshot(of: a)
      #expect(one.exists("k"))
      let (first, second, third) = try await store.snapshot(of: a, b, a, timeout: .seconds(60))
      #expect(first.revision == second.revision && second.revision == third.revision && third.exists("k"))
      #expect(await code { try await Store(backend: backend).snapshot(of: a, b) } == .invalidArgument)
      #expect(await code { try await store.snapshot(timeout: .zero) as Void } == .invalidArgument)
      let idle = Cache(of: items, in: store)
      #expect(await code { try await store.snapshot(of: a, idle) } == .notStarted)
      let stopped = try await store.withCache(of: items, configuration: .quick) { $0 }
      #expect(await code { try await store.snapshot(of: stopped, b) } == .stopped)
    }
  }

  @Test func aCacheThatLagsIsNamed() async throws {
    try await withTwo { a, b, store, backend in
      backend.setWatchCut(true, of: others.range)
      try await backend.foreignPut(others, Item(id: "o", n: 1))
      let written = try await backend.move(Item(id: "o", n: 2), from: others, to: items)
      try await a.wait(for: written, timeout: .seconds(60))
      try await backend.foreignPut(others, Item(id: "p", n: 1))
      let error = await #expect(throws: HoldfastError.self) {
        try await store.snapshot(.linearizable, of: a, b, timeout: .seconds(5))
      }
      #expect(error?.code == .timeout && error?.key == others.prefix)
      #expect(error?.message.contains("'/t/others/'") == true && error?.message.contains("has not reached") == true)
      #expect((error?.cause as? HoldfastError)?.code == .unavailable)
      backend.setWatchCut(false)
      let (here, there) = try await store.snapshot(.linearizable, of: a, b, timeout: .seconds(60))
      #expect(here.exists("o") && !there.exists("o") && there.exists("p"))
    }
  }

  @Test func aStoreThatIsAwayIsNoObstacleToWhatMemoryHas() async throws {
    try await withTwo { a, b, store, backend in
      let (here, _) = try await store.snapshot(.linearizable, of: a, b, timeout: .seconds(60))
      backend.setAway(true)
      let again = try await store.snapshot(of: a, b, timeout: .zero)
      #expect(again.0.revision >= here.revision)
      let error = await #expect(throws: HoldfastError.self) {
        try await store.snapshot(.linearizable, of: a, b, timeout: .milliseconds(20))
      }
      #expect(error?.code == .timeout && error?.message.contains("no answer") == true)
      backend.setAway(false)
    }
  }

  /// What one has is compacted before the other could be asked for it: they meet later.
  @Test func aCompactionIsPassedBy() async throws {
    try await withTwo { a, b, store, backend in
      let written = try await backend.foreignPut(items, Item(id: "k", n: 1))
      try await a.wait(for: written, timeout: .seconds(60))
      let last = try await backend.foreignPut("/t/z", "elsewhere")
      _ = try await backend.compact(CompactRequest(last))
      let (here, there) = try await store.snapshot(of: a, b, timeout: .seconds(60))
      #expect(here.revision == there.revision && here.revision >= last)
    }
  }

  /// The store is restored; one cache knows, and the other one does not, and both are at the same revision.
  @Test func historiesAreNotMixed() async throws {
    var configuration = CacheConfiguration.quick
    // The watchdog would find out.
    configuration.probeInterval = .seconds(3_600)
    try await withTwo(configuration) { a, b, store, backend in
      let old = backend.backend
      try await withEmbedded { new in
        for n in 1...3 {
          try await old.put(both: n)
          try await new.put(both: n + 10)
        }
        let (first, _) = try await store.snapshot(.linearizable, of: a, b, timeout: .seconds(60))
        #expect(try first.get("k")?.value.n == 3)
        backend.replace(by: new)
        // The watch of one is broken by it, once it has something to say.
        backend.setWatchCut(true, of: items.range)
        try await old.put(both: 4)
        try await new.put(both: 14)
        try await eventually { try b.get("k")?.value.n == 4 && a.health.state == .stale }
        backend.setWatchCut(false)
        try await eventually { try a.get("k")?.value.n == 14 }
        #expect(try b.get("k")?.value.n == 4, "it does not know")
        #expect(try a.snapshot().revision == b.snapshot().revision, "nothing but the history differs")
        let (here, there) = try await store.snapshot(of: a, b, timeout: .seconds(60))
        #expect(here.revision == there.revision)
        #expect(try here.get("k")?.value.n == 14 && there.get("k")?.value.n == 14)
      }
    }
  }
}

/// Two caches on an engine of their own.
private func withTwo<R: Sendable>(
  _ configuration: CacheConfiguration = .quick,
  _ body: (Cache<Item>, Cache<Item>, Store, FaultyBackend) async throws -> R
) async throws -> R {
  try await withItems(configuration: configuration) { a, store, backend in
    try await store.withCache(of: others, configuration: configuration) { try await body(a, $0, store, backend) }
  }
}

private func code<R>(_ body: () async throws -> R) async -> HoldfastError.Code? {
  do {
    _ = try await body()
    return nil
  } catch {
    return (error as? HoldfastError)?.code
  }
}

extension Backend {
  @discardableResult
  fileprivate func move(_ item: Item, from: Keyspace<Item>, to: Keyspace<Item>) async throws -> Revision {
    try await transact(
      TransactionRequest(success: [
        .deleteRange(DeleteRangeRequest(.key(from.storeKey(for: item.id)))),
        .put(PutRequest(key: to.storeKey(for: item.id), value: to.encode(item))),
      ])
    ).header.revision
  }

  fileprivate func put(both n: Int) async throws {
    _ = try await transact(
      TransactionRequest(
        success: try [items, others].map {
          .put(PutRequest(key: $0.storeKey(for: "k"), value: try $0.encode(Item(id: "k", n: n))))
        }))
  }
}
