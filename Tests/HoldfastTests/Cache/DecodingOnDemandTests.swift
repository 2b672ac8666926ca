import Holdfast
import HoldfastEmbedded
import Synchronization
import Testing

/// Caches that decode a value when it is first read.
@Suite struct DecodingOnDemandTests {
  @Test func nothingIsDecodedBeforeItIsReadAndEverythingOnce() async throws {
    try await withOnDemandItems { backend in
      for id in ["a", "b", "c"] { try await backend.foreignPut(items, Item(id: id, n: 1)) }
    } _: { cache, backend, codec in
      try await cache.wait(for: backend.foreignPut(items, Item(id: "d", n: 1)), timeout: .seconds(60))
      #expect(try cache.count() == 4)
      #expect(try cache.exists("a"))
      #expect(try cache.size.entries == 4)
      #expect(codec.take() == [])
      #expect(try cache.get("b")?.value == Item(id: "b", n: 1))
      #expect(codec.take() == ["b"])
      #expect(try cache.get("b")?.value == Item(id: "b", n: 1))
      #expect(try cache.list().map(\.value.id) == ["a", "b", "c", "d"])
      #expect(codec.take() == ["a", "c", "d"])
      #expect(try cache.get(["a", "d"]).found.count == 2)
      #expect(try cache.snapshot().list().map(\.value.id) == ["a", "b", "c", "d"])
      #expect(try cache.withValue(of: "c") { $0.n } == 1)
      #expect(codec.take() == [])
    }
  }

  /// What a cache shows is what the bytes say, also to who has just encoded them. They are not decoded for the writer, and once for
  /// readers: what the watch brings of the write is the same record.
  @Test func aWriteIsDecodedAtItsFirstReadAndNotAgainWhenTheWatchBringsIt() async throws {
    try await withOnDemandItems { cache, backend, codec in
      backend.setWatchCut(true)
      let stored = try await cache.put(Item(id: "a", n: 1))
      #expect(codec.take() == [])
      #expect(try cache.get("a") == stored)
      #expect(codec.take() == ["a"])
      backend.setWatchCut(false)
      try await cache.wait(for: stored.modRevision, timeout: .seconds(60))
      #expect(try cache.get("a") == stored)
      #expect(try cache.snapshot().get("a") == stored)
      #expect(try await cache.update(stored) { $0.n = 2 }.value.n == 2)
      #expect(try await cache.snapshot(.includingMyWrites).get("a")?.value.n == 2)
      #expect(codec.take() == ["a"])
    }
  }

  @Test func comparingWithTheStoreDecodesNothing() async throws {
    try await withOnDemandItems { backend in
      for n in 0..<20 { try await backend.foreignPut(items, Item(id: "k\(n)", n: n)) }
      try await backend.foreignPut("/t/items/bad", "{")
    } _: { cache, backend, codec in
      #expect(try await cache.verify().isCorrect)
      try await cache.wait(for: backend.foreignPut(items, Item(id: "k3", n: 0)), timeout: .seconds(60))
      try await cache.store.execute(items.delete(prefix: "k1"))
      #expect(try await cache.verify().isCorrect)
      #expect(codec.take() == [])
    }
  }

  @Test func aStreamTellsOldValuesThatNobodyHasReadBefore() async throws {
    try await withOnDemandItems { cache, backend, codec in
      var replay = Replay()
      try await backend.foreignPut(items, Item(id: "a", n: 1))
      try await cache.wait(for: backend.foreignPut(items, Item(id: "b", n: 1)), timeout: .seconds(60))
      var updates = cache.changes().makeAsyncIterator()
      replay.apply(try #require(try await updates.next()))
      #expect(codec.take() == ["a", "b"])
      try await cache.wait(for: backend.foreignPut(items, Item(id: "a", n: 2)), timeout: .seconds(60))
      #expect(codec.take() == [])
      try await cache.wait(for: backend.foreignDelete(items, "b"), timeout: .seconds(60))
      try await cache.wait(for: backend.foreignPut(items, Item(id: "a", n: 3)), timeout: .seconds(60))
      for _ in 0..<3 { replay.apply(try #require(try await updates.next())) }
      #expect(replay.values == ["a": 3])
      // Each value once, whether it was the new one or the old one.
      #expect(codec.take() == ["a", "a"])
    }
  }

  @Test func thePastIsDecodedWhenItIsRead() async throws {
    try await withOnDemandItems { cache, backend, codec in
      let first = try await backend.foreignPut(items, Item(id: "a", n: 1))
      try await cache.wait(for: first, timeout: .seconds(60))
      let held = try cache.snapshot()
      try await cache.wait(for: backend.foreignPut(items, Item(id: "a", n: 2)), timeout: .seconds(60))
      #expect(try cache.get("a")?.value.n == 2)
      #expect(codec.take() == ["a"])
      #expect(try held.get("a")?.value.n == 1)
      #expect(try cache.snapshot(at: first).get("a")?.value.n == 1)
      #expect(codec.take() == ["a"])
    }
  }

  @Test func whereEachReadDecodesNothingIsKept() async throws {
    try await withOnDemandItems(decodesEachRead: true) { cache, backend, codec in
      try await cache.put(Item(id: "a", n: 1))
      try await backend.foreignPut("/t/items/bad", "{")
      try await eventually { try cache.count() == 2 }
      #expect(codec.take() == [])
      for _ in 0..<2 { #expect(try cache.get("a")?.value.n == 1) }
      #expect(try cache.withValue(of: "a") { $0.n } == 1)
      #expect(codec.take() == ["a", "a", "a"])
      // That bytes are no value does not change.
      for _ in 0..<2 { #expect(code { try cache.get("bad") } == .decodingFailed) }
      #expect(codec.take() == ["bad"])
      #expect(cache.health.quarantined == 1)
    }
  }

  /// The codec is the user's: it may take its time, and do what it likes, reading this very cache included.
  @Test func noLockIsHeldWhileACodecRuns() async throws {
    try await withOnDemandItems { backend in
      for id in ["a", "b"] { try await backend.foreignPut(items, Item(id: id, n: 1)) }
    } _: { cache, _, codec in
      let inner = Mutex<[Item?]>([])
      codec.whileDecoding { item in
        guard item.id == "a" else { return }
        codec.whileDecoding { _ in }
        _ = (cache.health, cache.pendingWrites)
        let other = try? cache.get("b")?.value
        let same = try? cache.get("a")?.value
        let listed = try? cache.snapshot().list().first?.value
        inner.withLock { $0 = [other, same, listed] }
      }
      let first = try cache.get("a")?.value
      #expect(first == Item(id: "a", n: 1))
      let seen = inner.withLock { $0 }
      #expect(seen == [Item(id: "b", n: 1), Item(id: "a", n: 1), Item(id: "a", n: 1)])
      #expect(codec.take() == ["a", "a", "b"])
    }
  }

  final class Reference: Codable, Sendable {
    let id: String
    init(id: String) { self.id = id }
  }

  @Test func whoComesFirstTogetherGetsTheSameValue() async throws {
    var keyspace = Keyspace<Reference>(prefix: "/t/references/") { $0.id }
    keyspace.decodesEachRead = false
    let shared = keyspace
    try await withEmbedded { engine in
      try await withStore(.backend(engine), logger: .quiet) { store in
        try await store.withCache(of: shared, configuration: .decoding(.onDemand)) { cache in
          for n in 0..<200 {
            try await cache.put(Reference(id: "k\(n)"))
            let objects = try await withThrowingTaskGroup(of: ObjectIdentifier?.self) { group in
              for reader in 0..<4 {
                group.addTask {
                  if reader == 0 { return try cache.withValue(of: "k\(n)") { ObjectIdentifier($0) } }
                  return try cache.get("k\(n)").map { ObjectIdentifier($0.value) }
                }
              }
              return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(objects.count == 1 && !objects.contains(nil))
          }
        }
      }
    }
  }
}
