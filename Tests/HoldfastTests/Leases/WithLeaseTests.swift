import HoldfastCore
import HoldfastEmbedded
import HoldfastTesting
import Synchronization
import Testing

@testable import Holdfast

/// A lease around a body, on the engine, with a clock that the test moves.
@Suite struct WithLeaseTests {
  private let clock = ManualClock()

  private func withStage(
    _ body: @escaping @Sendable (Store, FaultyBackend, EmbeddedEngine, LeaseConfiguration) async throws -> Void
  ) async throws {
    try await withEmbedded(clock: clock) { engine in
      let backend = FaultyBackend(engine)
      var configuration = LeaseConfiguration()
      configuration.time = TimeSource(clock)
      try await body(Store(backend: backend, logger: .quiet), backend, engine, configuration)
    }
  }

  /// Until the task is cancelled.
  private static func untilCancelled() async throws { try await Task.sleep(for: .seconds(3_600)) }

  @Test func itLivesAsLongAsTheBodyAndGoesWithIt() async throws {
    try await withStage { [clock] store, _, engine, configuration in
      let result = try await store.withLease(ttl: .seconds(9), configuration: configuration) { lease in
        try await store.execute(items.put(Item(id: "a", n: 1)).lease(lease))
        for _ in 0..<10 {
          await clock.waitForSleepers(2)
          clock.advance(by: .seconds(3))
          try await eventually {
            try await engine.timeToLive(of: lease.id, keys: false).remaining == .seconds(9)
          }
        }
        return try await store.execute(items.exists("a"))
      }
      #expect(result)
      #expect(try await engine.leases().isEmpty)
      #expect(try await !store.execute(items.exists("a")))
    }
  }

  @Test func aBodyThatThrowsOrIsCancelledLeavesNoLease() async throws {
    try await withStage { store, _, engine, configuration in
      struct Refusal: Error {}
      await #expect(throws: Refusal.self) {
        try await store.withLease(ttl: .seconds(9), configuration: configuration) { _ in throw Refusal() }
      }
      #expect(try await engine.leases().isEmpty)
      let task = Task {
        try await store.withLease(ttl: .seconds(9), configuration: configuration) { _ in try await Self.untilCancelled()
        }
      }
      try await eventually { try await engine.leases().count == 1 }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(try await engine.leases().isEmpty)
    }
  }

  @Test func aRevokedLeaseCancelsTheBody() async throws {
    try await withStage { [clock] store, _, engine, configuration in
      let wasCancelled = Mutex(false)
      let error = await #expect(throws: HoldfastError.self) {
        try await store.withLease(ttl: .seconds(9), configuration: configuration) { lease in
          _ = try await engine.revokeLease(lease.id)
          await clock.waitForSleepers(1)
          clock.advance(by: .seconds(3))
          defer { wasCancelled.withLock { $0 = Task.isCancelled } }
          try await Self.untilCancelled()
        }
      }
      #expect(error?.code == .leaseExpired)
      #expect((error?.cause as? HoldfastError)?.code == .leaseNotFound)
      #expect(wasCancelled.withLock { $0 })
    }
  }

  /// The store is away: the body is stopped while the store would still keep the lease.
  @Test func itIsGivenUpBeforeTheStoreDoes() async throws {
    try await withStage { [clock] store, backend, engine, configuration in
      let error = await #expect(throws: HoldfastError.self) {
        try await store.withLease(ttl: .seconds(10), configuration: configuration) { lease in
          backend.setLeasesAway(true)
          let ticker = Task {
            // In small steps: so the moment of the loss is seen exactly.
            while !Task.isCancelled, clock.now.offset < .seconds(9) {
              await clock.waitForSleepers(2)
              clock.advance(by: .milliseconds(50))
              await Task.yield()
            }
          }
          defer { ticker.cancel() }
          try? await Self.untilCancelled()
          let left = try await engine.timeToLive(of: lease.id, keys: false)
          #expect(left.remaining == .seconds(1))
          #expect(clock.now.offset == .seconds(9))
        }
      }
      #expect(error?.code == .leaseExpired)
      #expect((error?.cause as? HoldfastError)?.code == .unavailable)
    }
  }

  @Test func aGrantWhoseAnswerIsLostLeavesNothingBehind() async throws {
    try await withStage { [clock] store, backend, engine, configuration in
      backend.setLostGrants(1)
      let task = Task {
        try await store.withLease(ttl: .seconds(9), configuration: configuration) { lease in
          let leases = try await engine.leases()
          #expect(leases == [lease.id])
          #expect(lease.ttl == .seconds(9))
        }
      }
      await clock.waitForSleepers(2)
      clock.advance(by: .milliseconds(50))
      try await task.value
      #expect(try await engine.leases().isEmpty)
    }
  }

  @Test func aRevocationThatHangsIsGivenUp() async throws {
    try await withStage { [clock] store, backend, engine, configuration in
      backend.setHangsOnRevocations(true)
      let task = Task {
        try await store.withLease(ttl: .seconds(9), configuration: configuration) { _ in }
      }
      await clock.waitForSleepers(1, until: .init(offset: .seconds(2)))
      clock.advance(by: .seconds(2))
      try await task.value
      #expect(try await engine.leases().count == 1, "it is left to expire")
      clock.advance(by: .seconds(9))
      try await eventually { try await engine.leases().isEmpty }
    }
  }

  @Test func afterALossTheBodyIsRunAgain() async throws {
    try await withStage { store, _, engine, configuration in
      var configuration = configuration
      configuration.restartsAfterLoss = true
      let seen = Mutex<[LeaseID]>([])
      let clock = clock
      try await store.withLease(ttl: .seconds(9), configuration: configuration) { lease in
        let count = seen.withLock { seen in
          seen.append(lease.id)
          return seen.count
        }
        guard count < 3 else { return }
        _ = try await engine.revokeLease(lease.id)
        await clock.waitForSleepers(1)
        clock.advance(by: .seconds(3))
        try await Self.untilCancelled()
      }
      #expect(seen.withLock { Set($0).count } == 3)
      #expect(try await engine.leases().isEmpty)
    }
  }

  /// The body has things to finish after it was cancelled: its lease is kept alive meanwhile.
  @Test func aCancelledBodyKeepsItsLeaseUntilItEnds() async throws {
    try await withStage { [clock] store, _, engine, configuration in
      let isGoingOn = Flag(true)
      let task = Task {
        try await store.withLease(ttl: .seconds(9), configuration: configuration) { _ in
          // In a task that is not cancelled with this one.
          await Task { try? await eventually { !isGoingOn.value } }.value
        }
      }
      try await eventually { try await engine.leases().count == 1 }
      let id = try #require(try await engine.leases().first)
      task.cancel()
      for _ in 0..<5 {
        await clock.waitForSleepers(2)
        clock.advance(by: .seconds(3))
        try await eventually { try await engine.timeToLive(of: id, keys: false).remaining == .seconds(9) }
      }
      isGoingOn.set(false)
      _ = await task.result
      #expect(try await engine.leases().isEmpty)
    }
  }

  @Test func aTimeThatIsNotPositiveIsRefused() async throws {
    try await withStage { store, _, _, configuration in
      let error = await #expect(throws: HoldfastError.self) {
        try await store.withLease(ttl: .zero, configuration: configuration) { _ in }
      }
      #expect(error?.code == .invalidArgument)
    }
  }
}

/// A truth that tasks share.
final class Flag: Sendable {
  private let state: Mutex<Bool>

  init(_ value: Bool) { state = Mutex(value) }

  var value: Bool { state.withLock { $0 } }
  func set(_ value: Bool) { state.withLock { $0 = value } }
}
