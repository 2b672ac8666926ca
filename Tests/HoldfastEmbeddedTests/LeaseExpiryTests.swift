import HoldfastCore
import HoldfastEmbedded
import HoldfastTesting
import Testing

/// Leases on a clock that only the test moves.
@Suite struct LeaseExpiryTests {
  private func put(_ engine: EmbeddedEngine, _ key: Key, lease: LeaseID) async throws -> Revision {
    try await engine.put(PutRequest(key: key, value: [], lease: lease)).header.revision
  }

  private func nextDeletes(_ updates: inout WatchUpdates.Iterator) async throws -> [Key] {
    while let update = try await updates.next() {
      if case .batch(let batch) = update { return batch.events.filter { $0.kind == .delete }.map(\.key) }
    }
    return []
  }

  private func deletes(_ engine: EmbeddedEngine) async throws -> WatchUpdates.Iterator {
    var request = WatchRequest(.all)
    request.withoutPuts = true
    var updates = engine.watch(request).makeAsyncIterator()
    _ = try await updates.next()
    return updates
  }

  @Test func leasesExpireInTheOrderOfTheirEnds() async throws {
    let clock = ManualClock()
    try await withEmbedded(clock: clock) { engine in
      var updates = try await deletes(engine)
      let long = try await engine.grantLease(id: nil, ttl: .seconds(20))
      let short = try await engine.grantLease(id: nil, ttl: .milliseconds(9_500))
      #expect(short.ttl == .seconds(10))
      _ = try await put(engine, "long", lease: long.id)
      _ = try await put(engine, "b", lease: short.id)
      let last = try await put(engine, "a", lease: short.id)
      await clock.waitForSleepers(until: .init(offset: .seconds(10)))
      clock.advance(by: .seconds(10))
      #expect(try await nextDeletes(&updates) == ["a", "b"])
      #expect(try await engine.range(RangeRequest(.all)).header.revision == last.next)
      await clock.waitForSleepers(until: .init(offset: .seconds(20)))
      clock.advance(by: .seconds(10))
      #expect(try await nextDeletes(&updates) == ["long"])
      #expect(try await engine.leases().isEmpty)
    }
  }

  @Test func renewedLeasesLive() async throws {
    let clock = ManualClock()
    try await withEmbedded(clock: clock) { engine in
      var updates = try await deletes(engine)
      let lease = try await engine.grantLease(id: nil, ttl: .seconds(10))
      _ = try await put(engine, "a", lease: lease.id)
      await clock.waitForSleepers(until: .init(offset: .seconds(10)))
      clock.advance(by: .milliseconds(6_500))
      #expect(try await engine.timeToLive(of: lease.id, keys: true).remaining == .seconds(3))
      #expect(try await engine.keepLeaseAlive(lease.id).ttl == .seconds(10))
      clock.advance(by: .milliseconds(3_500))
      // The timer wakes at the old end, finds the lease renewed, and sleeps until the new one.
      await clock.waitForSleepers(until: .init(offset: .milliseconds(16_500)))
      #expect(try await engine.range(RangeRequest(.all)).count == 1)
      clock.advance(by: .milliseconds(6_500))
      #expect(try await nextDeletes(&updates) == ["a"])
    }
  }

  @Test func anExpiredLeaseCannotBeRenewedEvenBeforeItIsRevoked() async throws {
    let clock = ManualClock()
    // Not run: nothing ends the lease.
    let engine = EmbeddedEngine(clock: clock)
    let lease = try await engine.grantLease(id: nil, ttl: .seconds(10))
    _ = try await put(engine, "a", lease: lease.id)
    clock.advance(by: .seconds(11))
    let error = await #expect(throws: HoldfastError.self) { try await engine.keepLeaseAlive(lease.id) }
    #expect(error?.code == .leaseNotFound)
    #expect(try await engine.timeToLive(of: lease.id, keys: true).remaining == .zero)
    #expect(try await engine.range(RangeRequest(.all)).count == 1)
  }

  @Test func theEngineCanBeUsedAndRunAgainAfterItsRun() async throws {
    let clock = ManualClock()
    let engine = EmbeddedEngine(clock: clock)
    let lease = try await engine.grantLease(id: nil, ttl: .seconds(10))
    _ = try await put(engine, "a", lease: lease.id)
    for _ in 0..<2 {
      let run = Task { await engine.run() }
      await clock.waitForSleepers()
      run.cancel()
      await run.value
    }
    clock.advance(by: .seconds(10))
    #expect(try await engine.range(RangeRequest(.all)).count == 1)
    var updates = try await deletes(engine)
    let run = Task { await engine.run() }
    #expect(try await nextDeletes(&updates) == ["a"])
    run.cancel()
    await run.value
  }

  @Test func theLongestLeaseDoesNotOverflow() async throws {
    try await withEmbedded { engine in
      let lease = try await engine.grantLease(id: nil, ttl: .seconds(9_000_000_000))
      #expect(lease.ttl == .seconds(9_000_000_000))
      #expect(try await engine.timeToLive(of: lease.id, keys: false).remaining ?? .zero > .seconds(8_999_999_000))
    }
  }
}
