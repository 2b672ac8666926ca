import Holdfast
import HoldfastEmbedded
import Testing

/// Keyspaces whose values are made of parts of other keyspaces' values.
@Suite struct ProjectionTests {
  private struct Odd: Error {}

  private static let numbers = items.map { item -> Int in
    if item.n == 13 { throw Odd() }
    return item.n
  }

  private func withNumbers<R: Sendable>(
    configuration: CacheConfiguration = .quick, _ body: (Cache<Int>, Store, FaultyBackend) async throws -> R
  ) async throws -> R {
    try await withItems { _, store, backend in
      try await store.withCache(of: Self.numbers, configuration: configuration) { try await body($0, store, backend) }
    }
  }

  @Test(arguments: [CacheConfiguration.Decoding.eager, .onDemand])
  func itFollowsTheWholeValues(decoding: CacheConfiguration.Decoding) async throws {
    var configuration = CacheConfiguration.quick
    configuration.decoding = decoding
    try await withNumbers(configuration: configuration) { cache, store, backend in
      // The whole value is written, and its part is there when the write returns.
      let written = try await store.execute(items.put(Item(id: "a", n: 1)))
      let first = try cache.get("a")
      #expect(first?.value == 1 && first?.modRevision == written.modRevision && first?.key == "a")
      #expect(first?.isMisplaced == false)
      try await store.transaction(items.put(Item(id: "b", n: 2)), items.update(written) { $0.n = 3 })
      let both = try cache.list()
      #expect(both.map(\.value) == [3, 2] && both.map(\.key) == ["a", "b"])
      // By somebody else.
      let last = try await backend.foreignPut(items, Item(id: "c", n: 4))
      try await cache.wait(for: last, timeout: .seconds(60))
      let lent = try cache.withValue(of: "c") { $0 * 10 }
      #expect(lent == 40)
      let snapshot = try cache.snapshot()
      #expect(snapshot.list().map(\.value) == [3, 2, 4])
      try await store.execute(items.delete("c"))
      let gone = try cache.get("c")
      #expect(gone == nil)
      _ = try await cache.snapshot(.includingMyWrites, timeout: .seconds(60))
      let verification = try await cache.verify()
      #expect(verification.isCorrect && verification.keys == 2)
    }
  }

  @Test func whatTheClosureRefusesIsQuarantined() async throws {
    try await withNumbers { cache, store, _ in
      try await store.execute(items.put(Item(id: "a", n: 13)))
      let error = #expect(throws: HoldfastError.self) { try cache.get("a") }
      #expect(error?.code == .decodingFailed && error?.key == "/t/items/a")
      #expect(cache.health.quarantined == 1)
      try await store.execute(items.put(Item(id: "a", n: 14)))
      let healed = try cache.get("a")?.value
      #expect(healed == 14 && cache.health.quarantined == 0)
    }
  }

  @Test func theStoreIsReadWatchedAndDeletedFrom() async throws {
    try await withEmbedded { engine in
      try await withStore(.backend(engine), logger: .quiet) { store in
        try await store.execute(items.put(Item(id: "a", n: 1)))
        // What is stored under another key than its own says so.
        try await engine.foreignPut("/t/items/odd", #"{"id":"other","n":2}"#)
        let all = try await store.execute(Self.numbers.list())
        #expect(all.map(\.value) == [1, 2] && all.map(\.isMisplaced) == [false, true])
        let stored = try #require(try await store.execute(Self.numbers.get("a")))
        let deleted = try await store.execute(Self.numbers.delete(stored))
        let previous = try await store.execute(Self.numbers.deleteReturningPrevious("odd"))
        #expect(deleted == 1 && previous.map(\.value) == [2])
        let twice = items.map { $0.n }.map { "\($0)" }
        try await store.execute(items.put(Item(id: "a", n: 5)))
        let text = try await store.execute(twice.get("a"))?.value
        #expect(text == "5", "a part of a part")
      }
    }
  }

  /// Nothing is sent that would replace a whole value by a part of it.
  @Test func partsAreNotWritten() async throws {
    try await withNumbers { cache, store, _ in
      let before = try await store.execute(items.put(Item(id: "a", n: 1)))
      let stored = try #require(try cache.get("a"))
      let numbers = Self.numbers
      let operations = [
        numbers.put(2), numbers.create(2), numbers.update(2, ifRevision: 3), numbers.update(stored),
        numbers.update(stored) { $0 += 1 }, numbers.update(numbers.draft(2)),
      ]
      for operation in operations {
        let error = await failure { try await store.execute(operation) }
        #expect(error?.code == .encodingFailed && error?.outcome == .refused)
        #expect(error?.message.contains("write through the keyspace that `map` was called on") == true)
      }
      let inTransaction = await failure { try await store.atomically { try $0.put(numbers, 2) } }
      #expect(inTransaction?.code == .encodingFailed)
      #expect(throws: HoldfastError.self) { try numbers.encode(2) }
      let after = try await store.execute(items.get("a"))
      #expect(after?.modRevision == before.modRevision && after?.value == before.value)
    }
  }

  /// Of what its cache has not kept the store is asked.
  @Test func anAtomicClosureReadsWholeValuesFromASnapshotOfParts() async throws {
    try await withNumbers { cache, store, backend in
      let stored = try await store.execute(items.put(Item(id: "a", n: 1)))
      try await cache.wait(for: stored.modRevision, timeout: .seconds(60))
      let ranges = backend.ranges
      let (part, whole, all) = try await store.atomically(from: try cache.snapshot()) { tx in
        let part = try await tx.get(Self.numbers, "a")?.value
        return (part, try await tx.get(items, "a")?.value, try await tx.list(items).map(\.value))
      }
      #expect(part == 1 && whole == Item(id: "a", n: 1) && all == [Item(id: "a", n: 1)])
      #expect(backend.ranges > ranges)
    }
  }

  /// A restored store, which holds something else at that revision, is no source of what the snapshot lacks.
  @Test func aRestoredStoreIsAConflictForIt() async throws {
    try await withEmbedded { other in
      let again = try await other.foreignPut(items, Item(id: "a", n: 2))
      try await withNumbers { cache, store, backend in
        let first = try await backend.foreignPut(items, Item(id: "a", n: 1))
        #expect(again == first)
        try await cache.wait(for: first, timeout: .seconds(60))
        let snapshot = try cache.snapshot()
        backend.replace(by: other)
        var read: [Int?] = []
        try await store.atomically(from: snapshot) { tx in
          read.append(try await tx.get(Self.numbers, "a")?.value)
          read.append(try await tx.get(items, "a")?.value.n)
        }
        #expect(read == [1, 2, 2], "once from memory, then again from the store")
      }
    }
  }

  /// An object of its own for each reader, also where it came out of a struct that shares one.
  @Test func sharedStateStaysShared() {
    final class Box: Sendable {}
    var shared = items
    shared.decodesEachRead = true
    #expect(shared.map(\.n).decodesEachRead && items.map { _ in Box() }.decodesEachRead)
    #expect(!items.map(\.n).decodesEachRead)
  }
}
