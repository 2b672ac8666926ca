import Foundation
import HoldfastCore
import HoldfastEmbedded
import ServiceLifecycle
import Testing

@testable import Holdfast

/// What a store does when the way to it is disturbed at the worst moment.
@Suite struct StoreFaultTests {
  private let engine = EmbeddedEngine()

  /// The caller is cancelled just when the refusal comes: over a network its task can send nothing any more.
  @Test func aCancelledCallersRefusedWriteLeavesNoLease() async throws {
    let backend = FaultyBackend(engine)
    let store = Store(backend: backend, logger: .quiet)
    try await store.execute(items.create(Item(id: "a", n: 1)))
    backend.afterTransaction { withUnsafeCurrentTask { $0?.cancel() } }
    let task = Task { try await store.execute(items.create(Item(id: "a", n: 2)).ttl(.seconds(86_400))) }
    let result = await task.result
    #expect(throws: HoldfastError.self) { try result.get() }
    #expect(try await engine.leases().isEmpty)
  }

  /// As Foundation's users log errors.
  @Test func theLocalizedDescriptionSaysAll() {
    let error = HoldfastError(.revisionMismatch, "it was changed", key: "/a", outcome: .refused)
    #expect((error as any Error).localizedDescription == "\(error)")
  }

  /// What the way to the store cannot know: which key it was about, if it was one.
  @Test func errorsNameTheKey() async throws {
    let backend = FaultyBackend(engine)
    let store = Store(backend: backend, logger: .quiet)
    let stored = try await store.execute(items.create(Item(id: "a", n: 1)))
    backend.setAway(true)
    let (key, item) = (items.storeKey(for: "a"), Item(id: "a", n: 2))
    #expect(await failure { try await store.execute(items.get("a")) }?.key == key)
    #expect(await failure { try await store.execute(items.put(item)) }?.key == key)
    #expect(await failure { try await store.execute(items.update(stored) { $0.n = 2 }) }?.key == key)
    #expect(await failure { try await store.execute(items.delete("a")) }?.key == key)
    #expect(await failure { try await store.execute(items.list()) }?.key == nil)
    #expect(await failure { try await store.transaction(items.put(item), items.delete("b")) }?.key == nil)
    let elsewhere = await failure { try await store.execute(items.put(item).if(.missing("/locks/a"))) }
    #expect(elsewhere?.key == nil, "the condition may be what is wrong")
    #expect(await failure { try await store.execute(items.put(item).if(.exists(key))) }?.key == key)
  }

  /// The last key is alone in its part.
  @Test func aReadOfManyKeysNamesNone() async throws {
    let backend = FaultyBackend(engine)
    let store = Store(backend: backend, logger: .quiet)
    backend.afterTransaction { backend.setAway(true) }
    let ids = (0...backend.limits.transactionOperations).map { "\($0)" }
    let error = await failure { try await store.execute(items.get(ids)) }
    #expect(error?.code == .unavailable && error?.key == nil, "\(String(describing: error))")
  }

  @Test func aLeaseIsNotGrantedForATransactionThatCannotBe() async throws {
    let backend = FaultyBackend(engine)
    let store = Store(backend: backend, logger: .quiet)
    let error = await #expect(throws: HoldfastError.self) {
      try await store.transaction(
        items.put(Item(id: "a", n: 1)).ttl(.seconds(60)), items.put(Item(id: "b", n: 1)).ttl(.zero))
    }
    #expect(error?.code == .invalidArgument)
    #expect(error?.outcome == .refused)
    #expect(error?.key == items.storeKey(for: "b"))
    #expect(try await engine.status().header.revision == 1)
    #expect(try await engine.leases().isEmpty)
  }

  /// A read in it that makes no sense refuses the whole transaction, and says so.
  @Test func aWriteBesideAWrongReadIsRefused() async throws {
    let store = Store(backend: engine, logger: .quiet)
    let error = await #expect(throws: HoldfastError.self) {
      try await store.transaction(items.put(Item(id: "a", n: 1)), items.list().limit(0))
    }
    #expect(error?.outcome == .refused)
    let read = await #expect(throws: HoldfastError.self) {
      try await store.execute(items.get("a").if(.exists("/nothing")))
    }
    #expect(read?.code == .constraintViolated)
    #expect(read?.outcome == nil)
  }

  @Test func valuesOfWhichOnlyFewFitInAnAnswerLoad() async throws {
    let backend = FaultyBackend(engine)
    for index in 0..<60 { try await engine.foreignPut(Key("/t/items/\(index)"), String(repeating: "x", count: 10_000)) }
    backend.setMaximumAnswer(30_000)
    try await withStore(.backend(backend), logger: .quiet) { store in
      try await store.withCache(of: items, configuration: .quick) { cache in
        let count = try cache.count()
        #expect(count == 60)
      }
    }
  }

  @Test func pageSizes() {
    var size = PageSize(most: 10_000, bytes: 1_000)
    #expect(size.limit == 1_000)
    let row = KeyValue(key: "1234567890", value: [], createRevision: 1, modRevision: 1, version: 1)
    size.note([row, row, row])
    #expect(size.limit == 100)
    size.note([])
    #expect(size.limit == 100)
    #expect(shrunk(&size, .resourceExhausted) == 12)
    #expect(shrunk(&size, .resourceExhausted) == 1)
    #expect(shrunk(&size, .resourceExhausted) == nil, "one key is the least")
    size = PageSize(most: 10_000, bytes: 1_000)
    #expect(shrunk(&size, .unavailable) == nil)
    #expect(shrunk(&size, .timeout) == 125)
    #expect(shrunk(&size, .timeout) == 15)
    #expect(shrunk(&size, .timeout) == nil, "a server that hangs is not asked for ever")
  }

  private func shrunk(_ size: inout PageSize, _ code: HoldfastError.Code) -> Int64? {
    size.shrinks(after: HoldfastError(code, "")) ? size.limit : nil
  }

  /// Half of it would have to wait for the watch, so all of it does; and the writer is told when that takes too long.
  @Test func aTransactionIsNotShownInPart() async throws {
    let backend = FaultyBackend(engine)
    var configuration = CacheConfiguration.quick
    configuration.followTimeout = .milliseconds(50)
    let store = Store(backend: backend, logger: .quiet)
    try await store.withCache(of: items, configuration: configuration) { cache in
      backend.setWatchCut(true)
      let (known, unknown) = (items.storeKey(for: "a"), items.storeKey(for: "b"))
      let value = try items.encode(Item(id: "a", n: 1))
      let request = TransactionRequest(success: [
        .put(PutRequest(key: known, value: value, previous: true)), .put(PutRequest(key: unknown, value: value)),
      ])
      let error = await #expect(throws: HoldfastError.self) { _ = try await store.transact(request) }
      #expect(error?.code == .timeout)
      #expect(error?.outcome == .applied)
      #expect(error?.revision == 2)
      let seen = try ["a", "b"].map { try cache.exists($0) }
      #expect(seen[0] == seen[1])
      backend.setWatchCut(false)
      try await cache.wait(for: 2, timeout: .seconds(60))
      let after = try ["a", "b"].map { try cache.exists($0) }
      #expect(after == [true, true])
    }
  }

  /// The watch comes back to a store that was restored from a backup: the new history has lower revisions.
  @Test func aWatchTellsWhatARestoreChanged() async throws {
    let backend = FaultyBackend(engine)
    let store = Store(backend: backend, logger: .quiet)
    try await engine.foreignPut(items, Item(id: "same", n: 1))
    try await engine.foreignPut(items, Item(id: "other", n: 1))
    for n in 1...5 { try await engine.foreignPut(items, Item(id: "lost", n: n)) }
    let restored = EmbeddedEngine()
    try await restored.foreignPut(items, Item(id: "same", n: 1))
    try await restored.foreignPut(items, Item(id: "other", n: 2))

    var updates = store.watch(items).makeAsyncIterator()
    #expect(try await updates.next()?.changes.count == 3)
    backend.setWatchCut(true)
    try await engine.foreignPut(items, Item(id: "lost", n: 6))
    backend.replace(by: restored)
    let uncut = Task {
      try await Task.sleep(for: .milliseconds(1))
      backend.setWatchCut(false)
    }
    let update = try #require(try await updates.next())
    try await uncut.value
    #expect(update.kind == .resync)
    #expect(update.revision == 3)
    #expect(update.changes.map { "\($0.kind) \($0.key)" } == ["deleted lost", "modified other"])
    #expect(update.changes.last?.stored?.value.n == 2)
  }

  /// A service may need its cache to come to an orderly end.
  @Test func aGracefulShutdownLeavesTheCacheToTheBody() async throws {
    struct Draining: Service {
      let store: Store
      let group: AsyncStream<Void>.Continuation

      func run() async throws {
        try await store.withCache(of: items, configuration: .quick) { cache in
          group.finish()
          try await gracefulShutdown()
          try await cache.put(Item(id: "last", n: 1))
          let last = try cache.get("last")
          #expect(last?.value.n == 1)
        }
      }
    }
    let (started, continuation) = AsyncStream.makeStream(of: Void.self)
    let service = Draining(store: Store(backend: engine, logger: .quiet), group: continuation)
    let group = ServiceGroup(services: [service], logger: .quiet)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      for await _ in started {}
      await group.triggerGracefulShutdown()
      // A service that ends because it was asked to is no failure.
      try await tasks.waitForAll()
    }
    #expect(try await engine.range(RangeRequest(items.range)).count == 1)
  }
}
