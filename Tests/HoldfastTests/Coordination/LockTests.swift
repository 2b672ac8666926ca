import HoldfastCore
import HoldfastEmbedded
import HoldfastTesting
import Testing

@testable import Holdfast

/// Locks on the engine.
@Suite struct LockTests {
  private static let name: Key = "/locks/a"

  private func withStage(
    _ body: @escaping @Sendable (Store, FaultyBackend, EmbeddedEngine) async throws -> Void
  ) async throws {
    try await withEmbedded { engine in
      let backend = FaultyBackend(engine)
      try await body(Store(backend: backend, logger: .quiet), backend, engine)
    }
  }

  private static func untilCancelled() async throws { try await Task.sleep(for: .seconds(3_600)) }

  private static func keys(_ engine: EmbeddedEngine) async throws -> Int64 {
    try await engine.range(RangeRequest(.prefix("/locks/a/"))).count
  }

  @Test func itIsHeldWhileTheBodyRuns() async throws {
    try await withStage { store, _, engine in
      let lock = try await store.withLock(Self.name, ttl: .seconds(60)) { lock in
        let kv = try await engine.range(RangeRequest(.key(lock.key))).keyValues.first
        #expect(kv?.createRevision == lock.token)
        #expect(kv?.lease == lock.lease.id)
        #expect(lock.key == Key("/locks/a/\(lock.lease.id)"))
        let error = await failure {
          try await store.tryLock(Self.name, ttl: .seconds(60)) { _ in }
        }
        #expect(error?.code == .lockHeld)
        return lock
      }
      let left = try await Self.keys(engine)
      #expect(left == 0)
      let leases = try await engine.leases()
      #expect(leases.isEmpty)
      // It is free now, and the next holder's token is higher.
      let next = try await store.tryLock(Self.name, ttl: .seconds(60)) { $0.token }
      #expect(next > lock.token)
    }
  }

  /// 12 contenders, each several times, some cancelled while they wait or hold, some losing their key: never two at a time, and
  /// tokens only grow.
  @Test(arguments: 1...4 as ClosedRange<UInt64>) func contendersNeverOverlap(seed: UInt64) async throws {
    try await withStage { store, _, engine in
      let record = Shared<(inside: Int, tokens: [Revision], cancelled: Int)>((0, [], 0))
      await withTaskGroup(of: Void.self) { group in
        for contender in 0..<12 {
          group.addTask {
            var random = MachineRandom(seed: seed &* 1_000 &+ UInt64(contender))
            for _ in 0..<6 {
              let work = Int.random(in: 0...20, using: &random)
              let isCancelled = Int.random(in: 0..<3, using: &random) == 0
              let pause = Int.random(in: 0...40, using: &random)
              let task = Task {
                try await store.withLock(Self.name, ttl: .seconds(60)) { lock in
                  record.withLock { state in
                    state.inside += 1
                    #expect(state.inside == 1, "two hold the lock")
                    #expect(state.tokens.last.map { $0 < lock.token } ?? true, "tokens do not grow")
                    state.tokens.append(lock.token)
                  }
                  defer { record.withLock { $0.inside -= 1 } }
                  for _ in 0..<work { await Task.yield() }
                }
              }
              if isCancelled {
                for _ in 0..<pause { await Task.yield() }
                task.cancel()
                if case .failure = await task.result { record.withLock { $0.cancelled += 1 } }
              }
              _ = await task.result
            }
          }
        }
      }
      #expect(record.withLock { $0.tokens.count + $0.cancelled } >= 72)
      #expect(record.withLock { $0.tokens.count } > 40)
      #expect(record.withLock { $0.cancelled } > 0)
      let left = try await Self.keys(engine)
      #expect(left == 0)
      let leases = try await engine.leases()
      #expect(leases.isEmpty, "nobody left anything behind")
    }
  }

  @Test func whoIsCancelledWhileItWaitsGivesUpItsPlace() async throws {
    try await withStage { store, _, engine in
      try await store.withLock(Self.name, ttl: .seconds(60)) { _ in
        let waiting = Task { try await store.withLock(Self.name, ttl: .seconds(60)) { _ in } }
        try await eventually { try await Self.keys(engine) == 2 }
        waiting.cancel()
        guard case .failure = await waiting.result else {
          Issue.record("it got the lock")
          return
        }
        let left = try await Self.keys(engine)
        #expect(left == 1)
      }
    }
  }

  @Test func aDeletedKeyCancelsTheBody() async throws {
    try await withStage { store, _, engine in
      let error = await failure {
        try await store.withLock(Self.name, ttl: .seconds(60)) { lock in
          _ = try await engine.deleteRange(DeleteRangeRequest(.key(lock.key)))
          try await Self.untilCancelled()
        }
      }
      #expect(error?.code == .lockLost)
      let leases = try await engine.leases()
      #expect(leases.isEmpty)
    }
  }

  @Test func aLostLeaseCancelsTheBodyAndTheNextOneHolds() async throws {
    try await withStage { store, _, engine in
      let tokens = Shared<[Revision]>([])
      let error = await failure {
        try await store.withLock(Self.name, ttl: .seconds(60)) { lock in
          tokens.withLock { $0.append(lock.token) }
          _ = try await engine.revokeLease(lock.lease.id)
          try await Self.untilCancelled()
        }
      }
      #expect(error?.code == .lockLost || error?.code == .leaseExpired)
      try await store.withLock(Self.name, ttl: .seconds(60)) { lock in tokens.withLock { $0.append(lock.token) } }
      #expect(tokens.value.count == 2 && tokens.value == tokens.value.sorted())
    }
  }

  /// A holder that was stopped, and does not know that somebody else holds the lock.
  @Test func aStaleHoldersWriteIsRefused() async throws {
    try await withStage { store, _, engine in
      let old = try await store.withLock(Self.name, ttl: .seconds(60)) { lock in
        try await store.execute(items.put(Item(id: "a", n: 1)).if(lock.condition))
        return lock
      }
      try await store.withLock(Self.name, ttl: .seconds(60)) { lock in
        try await store.execute(items.put(Item(id: "a", n: 2)).if(lock.condition))
        let error = await failure {
          try await store.execute(items.put(Item(id: "a", n: 1)).if(old.condition))
        }
        #expect(error?.code == .constraintViolated)
        #expect(error?.outcome == .refused)
        let value = try await store.execute(items.get("a"))
        #expect(value?.value.n == 2)
      }
      _ = engine
    }
  }

  /// Who waits keeps its place while the store is away, and comes before who arrived later.
  @Test func aBrokenConnectionCostsNoPlace() async throws {
    try await withStage { store, backend, engine in
      let other = Store(backend: engine, logger: .quiet)
      let order = Shared<[String]>([])
      let isFree = Flag(false)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await other.withLock(Self.name, ttl: .seconds(60)) { _ in try await eventually { isFree.value } }
        }
        try await eventually { try await Self.keys(engine) == 1 }
        group.addTask {
          try await store.withLock(Self.name, ttl: .seconds(60)) { _ in order.withLock { $0.append("early") } }
        }
        try await eventually { try await Self.keys(engine) == 2 }
        backend.setAway(true)
        group.addTask {
          try await other.withLock(Self.name, ttl: .seconds(60)) { _ in order.withLock { $0.append("late") } }
        }
        try await eventually { try await Self.keys(engine) == 3 }
        isFree.set(true)
        try await eventually { try await Self.keys(engine) == 2 }
        #expect(order.withLock { $0.isEmpty }, "it is the turn of the one that is cut off")
        backend.setAway(false)
        try await group.waitForAll()
      }
      #expect(order.withLock { $0 } == ["early", "late"])
    }
  }

  /// The predecessor's deletion is compacted away before the watch comes back.
  @Test func aCompactionIsNoHindrance() async throws {
    try await withStage { store, backend, engine in
      let isHeld = Flag(false)
      try await withThrowingTaskGroup(of: Void.self) { group in
        let lease = try await engine.grantLease(id: nil, ttl: .seconds(60))
        _ = try await engine.put(PutRequest(key: "/locks/a/0", value: [], lease: lease.id))
        group.addTask { try await store.withLock(Self.name, ttl: .seconds(60)) { _ in isHeld.set(true) } }
        try await eventually { try await Self.keys(engine) == 2 }
        backend.setWatchCut(true)
        _ = try await engine.revokeLease(lease.id)
        let revision = try await engine.put(PutRequest(key: "/x", value: [])).header.revision
        _ = try await engine.compact(CompactRequest(revision))
        backend.setWatchCut(false)
        try await group.waitForAll()
      }
      #expect(isHeld.value)
    }
  }

  /// Some servers lose events: who waits looks again after its time to live.
  @Test func aLostEventIsNoHindrance() async throws {
    let clock = ManualClock()
    try await withEmbedded(clock: clock) { engine in
      let backend = FaultyBackend(engine)
      let store = Store(backend: backend, logger: .quiet)
      var configuration = LeaseConfiguration()
      configuration.time = TimeSource(clock)
      let settings = configuration
      _ = try await engine.put(PutRequest(key: "/locks/a/0", value: []))
      backend.setLosesEvents(true)
      let isHeld = Flag(false)
      let task = Task {
        try await store.withLock(Self.name, ttl: .seconds(9), configuration: settings) { _ in isHeld.set(true) }
      }
      try await eventually { try await Self.keys(engine) == 2 }
      _ = try await engine.deleteRange(DeleteRangeRequest(.key("/locks/a/0")))
      try await eventually {
        clock.advance(by: .milliseconds(500))
        try await Task.sleep(for: .milliseconds(2))
        return isHeld.value
      }
      try await task.value
    }
  }

  @Test func aLostAnswerToTheEntryLeavesOneKey() async throws {
    try await withStage { store, backend, engine in
      backend.setLosesWriteAnswers(true)
      let isHeld = Flag(false)
      let task = Task {
        try await store.withLock(Self.name, ttl: .seconds(60)) { _ in
          isHeld.set(true)
          let keys = try await Self.keys(engine)
          #expect(keys == 1)
        }
      }
      try await eventually { try await Self.keys(engine) == 1 }
      backend.setLosesWriteAnswers(false)
      try await task.value
      #expect(isHeld.value)
    }
  }

  @Test func afterALossTheLockIsTakenAgain() async throws {
    try await withStage { store, _, engine in
      var configuration = LeaseConfiguration()
      configuration.restartsAfterLoss = true
      let tokens = Shared<[Revision]>([])
      try await store.withLock(Self.name, ttl: .seconds(60), configuration: configuration) { lock in
        let count = tokens.withLock { tokens in
          tokens.append(lock.token)
          return tokens.count
        }
        switch count {
        case 1: _ = try await engine.deleteRange(DeleteRangeRequest(.key(lock.key)))
        case 2: _ = try await engine.revokeLease(lock.lease.id)
        default: return
        }
        try await Self.untilCancelled()
      }
      let all = tokens.withLock { $0 }
      #expect(all.count == 3 && all == all.sorted())
    }
  }

  /// The key of one that waits is deleted: it takes a new place if it is to, and otherwise says so.
  @Test(arguments: [true, false]) func aPlaceThatIsLostWhileItWaitsIsTakenAgain(restarts: Bool) async throws {
    try await withStage { store, _, engine in
      var configuration = LeaseConfiguration()
      configuration.restartsAfterLoss = restarts
      let settings = configuration
      let waiting = try await store.withLock(Self.name, ttl: .seconds(60)) { lock in
        let waiting = Task {
          try await store.withLock(Self.name, ttl: .seconds(60), configuration: settings) { _ in }
        }
        try await eventually { try await Self.keys(engine) == 2 }
        for other in try await engine.range(RangeRequest(.prefix("/locks/a/"))).keyValues where other.key != lock.key {
          _ = try await engine.deleteRange(DeleteRangeRequest(.key(other.key)))
        }
        return waiting
      }
      let error = await failure { try await waiting.value }
      #expect(error?.code == (restarts ? nil : .lockLost))
      let leases = try await engine.leases()
      #expect(leases.isEmpty)
    }
  }

  @Test func aLockNeedsAName() async throws {
    try await withStage { store, _, _ in
      let error = await failure {
        try await store.withLock("", ttl: .seconds(60)) { _ in }
      }
      #expect(error?.code == .invalidArgument)
    }
  }
}

/// The error that the body throws; nil when it throws none of ours.
func failure<R>(_ body: () async throws -> R) async -> HoldfastError? {
  do {
    _ = try await body()
    return nil
  } catch {
    return error as? HoldfastError
  }
}
