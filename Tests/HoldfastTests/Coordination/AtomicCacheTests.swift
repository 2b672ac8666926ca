import HoldfastCore
import HoldfastEmbedded
import Testing

@testable import Holdfast

/// Transactions in memory beside caches.
@Suite struct AtomicCacheTests {
  @Test func cachesShowWhatWasWrittenWhenItReturns() async throws {
    try await withItems { cache, store, backend in
      // The watch tells nothing: what the cache shows it was told.
      backend.setWatchCut(true)
      try await store.atomically { tx in
        try tx.put(items, Item(id: "a", n: 1))
        try tx.put(items, Item(id: "b", n: 2))
      }
      let values = try cache.list().map(\.value.n)
      #expect(values == [1, 2])
      try await store.atomically { tx in try tx.delete(items, "a") }
      let left = try cache.list().map(\.value.n)
      #expect(left == [2])
      backend.setWatchCut(false)
    }
  }

  @Test func readsFromASnapshotAskTheStoreOnlyAtTheEnd() async throws {
    try await withItems { cache, store, backend in
      let stored = try await cache.put(Item(id: "a", n: 1))
      try await cache.wait(for: stored.modRevision, timeout: .seconds(60))
      let (ranges, transactions) = (backend.ranges, backend.transactions)
      let sum = try await store.atomically(from: try cache.snapshot()) { tx in
        let sum = try await tx.list(items).reduce(0) { $0 + $1.value.n }
        let missing = try await tx.get(items, "none")
        #expect(missing == nil)
        try tx.put(items, Item(id: "b", n: sum + 1))
        return sum
      }
      #expect(sum == 1)
      #expect(backend.ranges == ranges && backend.transactions == transactions + 1)
      let value = try cache.get("b")?.value.n
      #expect(value == 2)
    }
  }

  private final class Counter: Codable, Sendable {
    let id: String
    let n: Int

    init(id: String, n: Int) { (self.id, self.n) = (id, n) }
  }

  /// A keyspace that promises each reader an object of its own is given none that a cache shares.
  @Test func transactionsDecodeWhatIsNotToBeShared() async throws {
    let own = Keyspace<Counter>(prefix: "/counters/") { $0.id }
    var sharing = own
    sharing.decodesEachRead = false
    let shared = sharing
    try await withEmbedded { engine in
      try await withStore(.backend(engine), logger: .quiet) { store in
        try await store.withCache(of: shared) { cache in
          try await cache.put(Counter(id: "a", n: 1))
          let held = try #require(try cache.get("a")).value
          #expect(try cache.get("a")?.value === held)
          try await store.atomically(from: try await cache.snapshot(.includingMyWrites)) { tx in
            let found = try #require(try await tx.get(own, "a")).value
            let listed = try await tx.list(own).map(\.value)
            #expect(found.n == 1 && found !== held)
            #expect(listed.count == 1 && listed[0] !== held)
          }
        }
      }
    }
  }

  /// The revisions of two stores have nothing to do with each other.
  @Test func anotherStoresSnapshotIsRefused() async throws {
    try await withItems { cache, _, _ in
      let other = Store(backend: EmbeddedEngine(), logger: .quiet)
      let snapshot = try cache.snapshot()
      let hasRun = Flag(false)
      let error = await failure {
        try await other.atomically(from: snapshot) { tx in
          hasRun.set(true)
          try tx.put(items, Item(id: "a", n: 1))
        }
      }
      #expect(error?.code == .invalidArgument && error?.outcome == .refused)
      #expect(!hasRun.value)
    }
  }

  enum Use: CaseIterable, Sendable { case writes, readsOnly, throwsOnOld }

  /// An old snapshot is found out, whatever the closure does with what it says.
  @Test(arguments: Use.allCases) func anOldSnapshotIsFoundOut(use: Use) async throws {
    struct TooOld: Error {}
    try await withItems { cache, store, backend in
      try await cache.put(Item(id: "a", n: 1))
      let old = try await cache.snapshot(.includingMyWrites)
      try await backend.foreignPut(items, Item(id: "a", n: 2))
      var runs = 0
      let value = try await store.atomically(from: old) { tx in
        runs += 1
        let value = try await tx.get(items, "a")?.value.n ?? 0
        switch use {
        case .writes: try tx.put(others, Item(id: "copy", n: value))
        case .readsOnly: break
        case .throwsOnOld: if value == 1 { throw TooOld() }
        }
        return value
      }
      #expect(value == 2 && runs == 2)
    }
  }
}
