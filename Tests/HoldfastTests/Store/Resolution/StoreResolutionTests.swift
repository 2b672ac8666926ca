import HoldfastCore
import HoldfastEmbedded
import HoldfastTesting
import Testing

@testable import Holdfast

/// What a caller is told of a write whose answer was lost, by a store that looks.
@Suite struct StoreResolutionTests {
  private let engine = EmbeddedEngine()

  private func lost(_ body: (Store, FaultyBackend) async throws -> Void) async throws {
    let backend = FaultyBackend(engine)
    try await body(Store(backend: backend, logger: .quiet), backend)
  }

  @Test func aWriteWithATimeToLiveSucceedsWithoutItsAnswer() async throws {
    try await lost { store, backend in
      try await engine.foreignPut(items, Item(id: "z", n: 0))
      backend.setLosesWriteAnswers(true)
      let created = try await store.execute(items.create(Item(id: "a", n: 1)).ttl(.seconds(60)))
      #expect(try await store.execute(items.get("a")) == created)
      #expect(created.version == 1 && created.modRevision == 3 && created.leaseTTL == .seconds(60))
      let update = items.update(created) { $0.n = 2 }.ttl(.seconds(60)).returningPrevious()
      let updated = try await store.execute(update)
      #expect(try await store.execute(items.get("a")) == updated)
      #expect(updated.createRevision == 3 && updated.version == 2)
      #expect(try updated.previous() == created)
      let put = try await store.execute(items.put(Item(id: "b", n: 3)).ttl(.seconds(60)))
      #expect(try await store.execute(items.get("b")) == put)
      #expect(try await engine.leases().count == 3, "leases of applied writes live")
      #expect(backend.writes == 3, "nothing is sent twice")
    }
  }

  @Test func declaredUniqueBytesAreEnough() async throws {
    try await lost { store, backend in
      backend.setLosesWriteAnswers(true)
      let created = try await store.execute(items.create(Item(id: "a", n: 4_711)).unique())
      #expect(try await store.execute(items.get("a")) == created)
      let error = await #expect(throws: HoldfastError.self) {
        try await store.execute(items.create(Item(id: "b", n: 1)))
      }
      #expect(error?.outcome == .unknown)
      #expect(backend.writes == 2)
    }
  }

  @Test func aWholeTransactionIsAnswered() async throws {
    try await lost { store, backend in
      for id in ["gone/1", "gone/2", "read"] { try await engine.foreignPut(items, Item(id: id, n: 1)) }
      backend.setLosesWriteAnswers(true)
      let committed = try await store.commit(
        items.count(), items.create(Item(id: "a", n: 1)).ttl(.seconds(60)), items.delete(prefix: "gone"),
        others.put(Item(id: "b", n: 1)), items.list())
      #expect(committed.revision == 5)
      let (before, created, deleted, put, after) = committed.result
      #expect(before == 3 && deleted == 2 && put.modRevision == 5 && created.modRevision == 5)
      #expect(after.map(\.key) == ["a", "read"])
      // What saw half of the transaction cannot be told: it was applied, and that is all.
      let error = await #expect(throws: HoldfastError.self) {
        try await store.transaction(
          items.put(Item(id: "c", n: 1)).ttl(.seconds(60)), items.count(), items.put(Item(id: "d", n: 1)))
      }
      #expect(error?.outcome == .applied)
      #expect(error?.code == .unavailable)
      #expect(error?.revision == 6)
      #expect(try await engine.leases().count == 2)
    }
  }

  @Test func aCacheShowsWhatWasFoundToBeApplied() async throws {
    try await withItems { cache, store, backend in
      backend.setWatchCut(true)
      backend.setLosesWriteAnswers(true)
      let created = try await store.execute(items.create(Item(id: "a", n: 1)).ttl(.seconds(60)))
      #expect(try cache.get("a") == created)
      await #expect(throws: HoldfastError.self) { try await cache.create(Item(id: "b", n: 1)) }
      #expect(try cache.exists("b") == false, "what is unknown does not enter")
      backend.setWatchCut(false)
    }
  }

  /// Somebody else comes first, and the answer, a refusal, is lost.
  @Test func anUpdateThatLostAgainstAnotherWriterIsRefused() async throws {
    try await lost { store, backend in
      let stored = try await store.execute(items.create(Item(id: "a", n: 1)))
      try await engine.foreignPut(items, Item(id: "a", n: 7))
      backend.setLosesWriteAnswers(true)
      let error = await #expect(throws: HoldfastError.self) {
        try await store.execute(items.update(stored) { $0.n = 2 }.ttl(.seconds(60)))
      }
      #expect(error?.code == .revisionMismatch)
      #expect(error?.outcome == .refused)
      #expect(error?.key == items.storeKey(for: "a"))
      #expect(error?.revision == 3)
      #expect(try error?.current(in: items)?.value.n == 7)
      #expect((error?.cause as? HoldfastError)?.code == .unavailable)
      #expect(try await engine.leases().isEmpty, "the lease of a refused write is revoked")
      let unknown = await #expect(throws: HoldfastError.self) {
        try await store.execute(items.update(stored) { $0.n = 7 })
      }
      #expect(unknown?.outcome == .unknown, "equal bytes: it may have been ours")
      #expect(unknown?.code == .unavailable)
      #expect(backend.writes == 3)
    }
  }

  /// The write is under way while its store looks: whatever the store says then must not be `refused`.
  @Test func aWriteThatComesLateWasUnknown() async throws {
    let stored = try await Store(backend: engine).execute(items.create(Item(id: "a", n: 1)))
    try await lost { store, backend in
      backend.setHoldsWrites(true)
      for operation in [items.update(stored) { $0.n = 2 }, items.update(stored) { $0.n = 3 }.ttl(.seconds(60))] {
        let error = await #expect(throws: HoldfastError.self) { try await store.execute(operation) }
        #expect(error?.outcome == .unknown)
      }
      #expect(try await engine.leases().count == 1, "its lease must live")
      try await backend.deliverHeld()
      #expect(try await store.execute(items.get("a"))?.value.n == 2)
      #expect(backend.writes == 2)
    }
  }

  @Test func itCanBeSwitchedOff() async throws {
    let backend = FaultyBackend(engine)
    let store = Store(backend: backend, logger: .quiet, resolution: .off)
    backend.setLosesWriteAnswers(true)
    let error = await #expect(throws: HoldfastError.self) {
      try await store.execute(items.create(Item(id: "a", n: 1)).ttl(.seconds(60)))
    }
    #expect(error?.outcome == .unknown)
    #expect(backend.transactions == 1)
    #expect(try await engine.leases().count == 1)
  }

  /// The store does not answer at all: the time is over when it is over.
  @Test func itEndsInTime() async throws {
    let clock = ManualClock()
    var resolution = ResolutionConfiguration()
    resolution.time = TimeSource(clock)
    let backend = FaultyBackend(engine)
    let store = Store(backend: backend, logger: .quiet, resolution: resolution)
    backend.setLosesWriteAnswers(true)
    backend.setHangsOnReads(true)
    let task = Task { try await store.execute(items.create(Item(id: "a", n: 1)).ttl(.seconds(60))) }
    await clock.waitForSleepers(until: .init(offset: .seconds(2)))
    clock.advance(by: .seconds(2))
    let error = await #expect(throws: HoldfastError.self) { try await task.value }
    #expect(error?.outcome == .unknown)
  }

  /// A cancelled task's requests are not sent, so nothing can be found out.
  @Test func aCancelledCallersWriteStaysUnknown() async throws {
    try await lost { store, backend in
      backend.setLosesWriteAnswers(true)
      backend.afterTransaction { withUnsafeCurrentTask { $0?.cancel() } }
      let task = Task { try await store.execute(items.create(Item(id: "a", n: 1)).ttl(.seconds(60))) }
      let error = await #expect(throws: HoldfastError.self) { try await task.value }
      #expect(error?.outcome == .unknown)
      let leases = try await engine.leases()
      #expect(leases.count == 1)
    }
  }
}
