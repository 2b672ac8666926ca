import HoldfastCore
import HoldfastEmbedded
import Testing

@testable import Holdfast

/// Transactions in memory on the engine, with others who write at the worst moment.
@Suite struct AtomicTests {
  private let engine = EmbeddedEngine()
  private var store: Store { Store(backend: engine, logger: .quiet) }

  private func item(_ id: String, _ n: Int) -> Item { Item(id: id, n: n) }

  @Test func itSeesItsOwnWritesAndOthersDoNotUntilTheEnd() async throws {
    let (engine, store) = (engine, store)
    try await store.execute(items.put(item("a", 1)))
    let before = try await engine.status().header.revision
    let result = try await store.atomically { tx in
      try await tx.update(items, "a") { $0.n += 1 }
      try tx.put(items, Item(id: "b", n: 5))
      try tx.put(others, Item(id: "c", n: 7))
      let values = try await tx.list(items).map(\.value.n)
      try tx.delete(items, "b")
      let isThere = try await tx.exists(items, "b")
      let outside = try await store.execute(items.get("a"))?.value.n
      return (values, isThere, outside)
    }
    #expect(result.0 == [2, 5] && !result.1 && result.2 == 1)
    #expect(try await engine.status().header.revision == before.next, "one transaction")
    #expect(try await store.execute(items.list()).map(\.value) == [item("a", 2)])
    #expect(try await store.execute(others.get("c"))?.value.n == 7)
  }

  @Test func aClosureThatThrowsWritesNothing() async throws {
    struct Refusal: Error {}
    let before = try await engine.status().header.revision
    await #expect(throws: Refusal.self) {
      try await store.atomically { tx in
        try tx.put(items, Item(id: "a", n: 1))
        throw Refusal()
      }
    }
    #expect(try await engine.status().header.revision == before)
    let missing = await failure { try await store.atomically { tx in try await tx.update(items, "a") { $0.n = 1 } } }
    #expect(missing?.code == .keyNotFound)
  }

  enum Disturbance: CaseIterable, Sendable { case changed, deleted, recreated, added, addedToEmpty, changedMissing }

  /// What was read changes between the reads and the commit: no phantom slips through.
  @Test(arguments: Disturbance.allCases) func whatWasReadIsChecked(disturbance: Disturbance) async throws {
    let (engine, store) = (engine, store)
    for id in ["a", "b", "c"] where disturbance != .addedToEmpty { try await store.execute(items.put(item(id, 1))) }
    var runs = 0
    let sum = try await store.atomically { tx in
      runs += 1
      var sum = 0
      if disturbance == .changedMissing {
        sum = try await tx.get(items, "new")?.value.n ?? 0
      } else {
        sum = try await tx.list(items).reduce(0) { $0 + $1.value.n }
      }
      if runs == 1 {
        switch disturbance {
        case .changed: _ = try await engine.foreignPut(items, Item(id: "b", n: 10))
        case .deleted: _ = try await engine.foreignDelete(items, "b")
        case .recreated:
          _ = try await engine.foreignDelete(items, "b")
          _ = try await engine.foreignPut(items, Item(id: "b", n: 1))
        case .added, .addedToEmpty, .changedMissing: _ = try await engine.foreignPut(items, Item(id: "new", n: 10))
        }
      }
      try tx.put(others, Item(id: "sum", n: sum))
      return sum
    }
    #expect(runs == 2)
    let stored = try await store.execute(others.get("sum"))?.value.n
    #expect(stored == sum)
    if disturbance != .changedMissing {
      #expect(try await store.execute(items.list()).reduce(0) { $0 + $1.value.n } == sum)
    }
  }

  @Test func whatWasNotReadIsNoConflict() async throws {
    let (engine, store) = (engine, store)
    try await store.execute(items.put(item("a", 1)))
    var runs = 0
    try await store.atomically { tx in
      runs += 1
      let value = try await tx.get(items, "a")?.value.n ?? 0
      _ = try await engine.foreignPut(items, Item(id: "b", n: runs))
      _ = try await engine.foreignPut(others, Item(id: "a", n: runs))
      try tx.put(items, Item(id: "c", n: value))
    }
    #expect(runs == 1)
  }

  /// Reads are of one revision, whatever others write between them, and a closure that only reads needs no second run.
  @Test func readsAreOfOneRevision() async throws {
    let (engine, store) = (engine, store)
    try await store.execute(items.put(item("a", 1)))
    try await store.execute(others.put(item("a", 1)))
    var runs = 0
    let (one, two) = try await store.atomically { tx in
      runs += 1
      let one = try await tx.get(items, "a")?.value.n
      _ = try await engine.foreignPut(items, Item(id: "a", n: 2))
      _ = try await engine.foreignPut(others, Item(id: "a", n: 2))
      let two = try await tx.get(others, "a")?.value.n
      let again = try await tx.get(items, "a")?.value.n
      #expect(again == one)
      return (one, two)
    }
    #expect(one == 1 && two == 1 && runs == 1)
  }

  /// The pinned revision is compacted away: the closure is run again, though it has caught the error.
  @Test func aCompactionBeginsItAgain() async throws {
    let (engine, store) = (engine, store)
    try await store.execute(items.put(item("a", 1)))
    var runs = 0
    let found = try await store.atomically { tx in
      runs += 1
      _ = try await tx.get(items, "a")
      if runs == 1 {
        let revision = try await engine.foreignPut(items, Item(id: "b", n: 2))
        _ = try await engine.compact(CompactRequest(revision))
      }
      return try? await tx.get(items, "b")?.value.n
    }
    #expect(runs == 2 && found == 2)
  }

  @Test func attemptsEnd() async throws {
    let (engine, store) = (engine, store)
    var configuration = AtomicConfiguration()
    configuration.attempts = 3
    configuration.pause = .zero ... .zero
    var runs = 0
    let error = await failure {
      try await store.atomically(configuration: configuration) { tx in
        runs += 1
        _ = try await tx.get(items, "a")
        _ = try await engine.foreignPut(items, Item(id: "a", n: runs))
        try tx.put(items, Item(id: "a", n: 0))
      }
    }
    #expect(runs == 3)
    #expect(error?.code == .revisionMismatch && error?.outcome == .refused)
    #expect(error?.key == items.storeKey(for: "a"))
  }

  /// The answer to the commit is lost: it is not known to be applied, and must not be made twice.
  @Test func anUnknownOutcomeIsThrownAndNotRepeated() async throws {
    let engine = engine
    let backend = FaultyBackend(engine)
    let store = Store(backend: backend, logger: .quiet, resolution: .off)
    try await store.execute(items.put(item("a", 1)))
    backend.setLosesWriteAnswers(true)
    var runs = 0
    let error = await failure {
      try await store.atomically { tx in
        runs += 1
        try await tx.update(items, "a") { $0.n += 1 }
      }
    }
    #expect(error?.outcome == .unknown && runs == 1)
    #expect(try await engine.range(RangeRequest(.key(items.storeKey(for: "a")))).keyValues.first?.version == 2)
  }

  /// It never arrived and somebody else's write took its place: that is proven, so it is run again.
  @Test func aCommitThatIsProvenRefusedIsRepeated() async throws {
    let engine = engine
    let backend = FaultyBackend(engine)
    let store = Store(backend: backend, logger: .quiet)
    try await store.execute(items.put(item("a", 1)))
    var runs = 0
    try await store.atomically { tx in
      runs += 1
      try await tx.update(items, "a") { $0.n += 1 }
      backend.setHoldsWrites(runs == 1)
      if runs == 1 { _ = try await engine.foreignPut(items, Item(id: "a", n: 10)) }
    }
    #expect(runs == 2)
    let value = try await store.execute(items.get("a"))?.value.n
    #expect(value == 11)
    try await backend.deliverHeld()
    #expect(try await store.execute(items.get("a"))?.value.n == 11, "what was held comes too late")
  }

  @Test func limitsAreNamed() async throws {
    let store = store
    for index in 0..<130 { try await store.execute(items.put(item("\(index)", 1))) }
    let count = try await store.atomically { tx in try await tx.list(items).count }
    #expect(count == 130, "only reading has no limit")
    let error = await failure {
      try await store.atomically { tx in
        _ = try await tx.list(items)
        try tx.put(others, Item(id: "a", n: 1))
      }
    }
    #expect(error?.code == .tooManyOperations && error?.outcome == .refused)
    #expect(error?.message.contains("128") ?? false && error?.message.contains("131") ?? false)
    let writes = await failure {
      try await store.atomically { tx in for n in 0..<129 { try tx.put(others, Item(id: "\(n)", n: n)) } }
    }
    #expect(writes?.code == .tooManyOperations && writes?.message.contains("129") ?? false)
  }

  @Test func aConditionThatDoesNotHoldIsNoConflict() async throws {
    let store = store
    var runs = 0
    let error = await failure {
      try await store.atomically { tx in
        runs += 1
        try tx.require(.exists("/lock"))
        try tx.put(items, Item(id: "a", n: 1))
      }
    }
    #expect(error?.code == .constraintViolated && runs == 1)
  }

  @Test func aTransactionIsGoodForOneRun() async throws {
    let store = store
    let escaped = try await store.atomically { tx in tx }
    #expect(throws: HoldfastError.self) { try escaped.put(items, Item(id: "a", n: 1)) }
    let error = await failure { try await escaped.get(items, "a") }
    #expect(error?.code == .stopped)
  }

  /// Money is moved, accounts are opened and closed; every range read, at any moment, finds the same sum.
  @Test(arguments: 1...4 as ClosedRange<UInt64>) func theSumStays(seed: UInt64) async throws {
    let store = store
    for index in 0..<6 { try await store.execute(items.put(item("\(index)", 100))) }
    let runs = Shared(0)
    let isDone = Flag(false)
    var configuration = AtomicConfiguration()
    configuration.attempts = 10_000
    let settings = configuration
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        while !isDone.value {
          let sum = try await store.execute(items.list()).reduce(0) { $0 + $1.value.n }
          #expect(sum == 600)
        }
      }
      try await withThrowingTaskGroup(of: Void.self) { workers in
        for worker in 0..<6 {
          workers.addTask {
            var random = MachineRandom(seed: seed &* 100 &+ UInt64(worker))
            for round in 0..<20 {
              let (kind, first, second) = (random.below(3), random.below(100), random.below(100))
              try await store.atomically(configuration: settings) { tx in
                runs.withLock { $0 += 1 }
                let accounts = try await tx.list(items)
                #expect(accounts.reduce(0) { $0 + $1.value.n } == 600)
                let (from, to) = (accounts[first % accounts.count], accounts[second % accounts.count])
                guard from.key != to.key else { return }
                switch kind {
                case 0:
                  try tx.delete(items, from.key)
                  try await tx.update(items, to.key) { $0.n += from.value.n }
                case 1:
                  try await tx.update(items, from.key) { $0.n -= 7 }
                  try tx.put(items, Item(id: "\(worker)-\(round)", n: 7))
                default:
                  try await tx.update(items, from.key) { $0.n -= 1 }
                  try await tx.update(items, to.key) { $0.n += 1 }
                }
              }
            }
          }
        }
        try await workers.waitForAll()
      }
      isDone.set(true)
      try await group.waitForAll()
    }
    #expect(try await store.execute(items.list()).reduce(0) { $0 + $1.value.n } == 600)
    #expect(runs.withLock { $0 } > 120, "some met each other")
  }
}
