internal import Holdfast

enum TimeToLiveCases {
  static let all: [ConformanceCase] =
    .everyWay("a time to live is a lease of its own, in whole seconds", granted)
    + .everyWay("refused creates with a time to live leave no lease", refused)
    + .everyWay("a time to live that cannot be is refused before it is sent", impossible)
    + .everyWay("writing without a time to live takes it away", removed)
    + .store("every operation of a transaction has its own time to live", several)
    + .store("a lease that cannot be granted refuses the write and leaves no other", ungranted)

  static func granted(_ t: StoreContext) async throws {
    for write in [t.things.put(Thing(id: "a")), t.things.create(Thing(id: "b"))] {
      let stored = try await t.run(write.ttl(.milliseconds(60_500)))
      let granted = try require(stored.leaseTTL, "the time granted")
      try expect(granted >= .seconds(61), "granted \(granted)")
      let lease = try require(stored.lease, "the lease")
      let answer = try await t.backend.timeToLive(of: lease, keys: true)
      try expectEqual(answer.keys, [stored.storeKey], "keys of the lease")
      try expectEqual(answer.granted, granted, "granted by the store")
      let read = try await t.store.execute(t.things.get(stored.key))
      try expectEqual(read?.lease, lease, "the lease read")
      _ = try await t.backend.revokeLease(lease)
      try expectEqual(try await t.keys(), [], "after the lease")
    }
    // Half a second is no zero: it would be gone, or last for ever.
    let short = try await t.run(t.things.put(Thing(id: "c")).ttl(.milliseconds(500)))
    try expect((short.leaseTTL ?? .zero) >= .seconds(1), "granted \(String(describing: short.leaseTTL))")
  }

  static func refused(_ t: StoreContext) async throws {
    try await t.put("a")
    for _ in 0..<50 { try await t.refused(t.things.create(Thing(id: "a")).ttl(.seconds(60)), .alreadyExists) }
    try expectEqual(t.backend.grantedLeases, 50, "leases granted")
    try expectEqual(try await t.backend.leasesLeft(), [], "leases left")
    try expectEqual(try await t.raw("a")?.lease, nil, "the lease of what is there")
  }

  static func impossible(_ t: StoreContext) async throws {
    for ttl in [Duration.zero, .seconds(-1)] {
      let error = try await t.unsent(t.things.put(Thing(id: "a")).ttl(ttl), .invalidArgument)
      try expectEqual(error.outcome, .refused, "outcome")
    }
  }

  static func removed(_ t: StoreContext) async throws {
    let stored = try await t.store.execute(t.things.put(Thing(id: "a")).ttl(.seconds(60)))
    let updated = try await t.run(t.things.update(stored))
    try expectEqual(updated.lease, nil, "lease")
    try expectEqual(updated.leaseTTL, nil, "time to live")
    try expectEqual(try await t.store.execute(t.things.get("a")), updated)
    _ = try await t.backend.revokeLease(try require(stored.lease, "the lease"))
    try expectEqual(try await t.keys(), ["a"], "after the lease")
  }

  static func several(_ t: StoreContext) async throws {
    let (a, b, c) = try await t.store.transaction(
      t.things.put(Thing(id: "a")).ttl(.seconds(60)), t.things.put(Thing(id: "b")),
      t.things.create(Thing(id: "c")).ttl(.seconds(90)))
    try expect(a.lease != nil && c.lease != nil && a.lease != c.lease, "leases")
    try expectEqual(b.lease, nil, "lease of b")
    try expect((a.leaseTTL ?? .zero) >= .seconds(60) && (c.leaseTTL ?? .zero) >= .seconds(90), "times to live")
    for stored in [a, b, c] {
      try expectEqual(try await t.store.execute(t.things.get(stored.key)), stored, "\(stored.key)")
      if let lease = stored.lease { _ = try await t.backend.revokeLease(lease) }
    }
    try expectEqual(try await t.keys(), ["b"], "after the leases")
  }

  static func ungranted(_ t: StoreContext) async throws {
    let tooLong = Duration.seconds(9_000_000_001)
    try await expectFailure(.invalidArgument, outcome: .refused) {
      try await t.store.transaction(
        t.things.put(Thing(id: "a")).ttl(.seconds(60)), t.things.put(Thing(id: "b")).ttl(tooLong))
    }
    try expectEqual(try await t.keys(), [], "keys")
    try expectEqual(try await t.backend.leasesLeft(), [], "leases left")
  }
}
