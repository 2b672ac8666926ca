import HoldfastCore
import HoldfastEmbedded
import HoldfastTesting
import Testing

@testable import Holdfast

/// Which writes share a lease, and for how long their keys live.
@Suite struct LeasePoolTests {
  @Test func aLeaseIsSharedForTheSlackOnly() {
    var machine = LeasePoolMachine(slack: .seconds(2), keysPerLease: 100)
    #expect(machine.request(ttl: .seconds(10), now: .zero) == .grant(1, .seconds(12)))
    #expect(machine.request(ttl: .seconds(10), now: .seconds(2)) == .share(1))
    #expect(machine.request(ttl: .seconds(20), now: .seconds(2)) == .grant(2, .seconds(22)), "another time to live")
    #expect(machine.request(ttl: .seconds(10), now: .milliseconds(2_001)) == .grant(3, .seconds(12)))
    #expect(machine.tickets == [2, 3])
  }

  @Test func noMoreThanSoManyKeysShareALease() {
    var machine = LeasePoolMachine(slack: .seconds(2), keysPerLease: 3)
    let answers = (0..<7).map { _ in machine.request(ttl: .seconds(10), now: .zero) }
    #expect(
      answers == [
        .grant(1, .seconds(12)), .share(1), .share(1), .grant(2, .seconds(12)), .share(2), .share(2),
        .grant(3, .seconds(12)),
      ])
  }

  @Test func whatWasNotGrantedIsNotShared() {
    var machine = LeasePoolMachine(slack: .seconds(2), keysPerLease: 3)
    _ = machine.request(ttl: .seconds(10), now: .zero)
    machine.withdraw(1)
    #expect(machine.request(ttl: .seconds(10), now: .zero) == .grant(2, .seconds(12)))
  }

  /// 100 writes: one lease for each 40, and keys that live for their time and at most the slack longer.
  @Test func keysExpireNotBeforeTheirTimeAndAtMostTheSlackLater() async throws {
    let clock = ManualClock()
    let engine = EmbeddedEngine(clock: clock)
    let store = Store(backend: engine, logger: .quiet)
    let pool = LeasePool(store, slack: .seconds(2), keysPerLease: 40, time: TimeSource(clock))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<100 {
        group.addTask {
          let lease = try await pool.lease(ttl: .seconds(10))
          try await store.execute(items.put(Item(id: "\(index)", n: index)).lease(lease))
        }
      }
      try await group.waitForAll()
    }
    #expect(try await engine.leases().count == 3)
    clock.advance(by: .seconds(2))
    // The last moment at which the third lease, of 20 keys, is handed out.
    let late = try await pool.lease(ttl: .seconds(10))
    try await store.execute(items.put(Item(id: "late", n: 0)).lease(late))
    #expect(try await engine.leases().count == 3)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await engine.run() }
      // Ten seconds after the first write, and two short of ten after the last one.
      clock.advance(by: .milliseconds(9_999))
      let left = try? await store.execute(items.count())
      #expect(left == 101)
      clock.advance(by: .milliseconds(1))
      let isEmpty: Void? = try? await eventually { try await store.execute(items.count()) == 0 }
      #expect(isEmpty != nil)
      group.cancelAll()
    }
  }

  @Test func aFailedGrantIsARefusalAndNotRemembered() async throws {
    let engine = EmbeddedEngine()
    let backend = FaultyBackend(engine)
    let pool = LeasePool(Store(backend: backend, logger: .quiet))
    backend.setLeasesAway(true)
    let error = await #expect(throws: HoldfastError.self) { try await pool.lease(ttl: .seconds(10)) }
    #expect(error?.code == .unavailable)
    #expect(error?.outcome == .refused)
    backend.setLeasesAway(false)
    #expect(try await pool.lease(ttl: .seconds(10)).ttl == .seconds(11))
    let zero = await #expect(throws: HoldfastError.self) { try await pool.lease(ttl: .zero) }
    #expect(zero?.code == .invalidArgument)
  }

  /// Who is cancelled does not wait for the store; the others do, and get the lease.
  @Test func aCancelledCallerDoesNotWait() async throws {
    let backend = FaultyBackend(EmbeddedEngine())
    let pool = LeasePool(Store(backend: backend, logger: .quiet), slack: .seconds(60))
    backend.setHangsOnGrants(true)
    defer { backend.setHangsOnGrants(false) }
    let hasEnded = Flag(false)
    let cancelled = Task {
      defer { hasEnded.set(true) }
      return try await pool.lease(ttl: .seconds(10))
    }
    try await eventually { backend.hangingGrants == 1 }
    let other = Task { try await pool.lease(ttl: .seconds(10)) }
    cancelled.cancel()
    let end = ContinuousClock.now + .seconds(20)
    try await eventually { hasEnded.value || ContinuousClock.now > end }
    #expect(hasEnded.value, "it waits for the store")
    backend.setHangsOnGrants(false)
    let error = await failure { try await cancelled.value }
    #expect(error?.code == .cancelled && error?.outcome == .refused)
    #expect(try await other.value.ttl == .seconds(70))
    _ = try await pool.lease(ttl: .seconds(10))
    #expect(backend.hangingGrants == 1, "the lease is shared all the same")
  }
}
