internal import HoldfastCore

enum LeaseCases {
  static let all = [
    ConformanceCase("a lease is granted with its own id, once", grant),
    ConformanceCase("the store chooses ids that differ", chosen),
    ConformanceCase("a lease lasts at least what was asked for, in whole seconds", duration),
    ConformanceCase("a lease cannot last for ever", tooLong),
    ConformanceCase("revoking deletes the attached keys at one revision", revoke),
    ConformanceCase("revoking without keys makes no new revision", revokeNothing),
    ConformanceCase("a put without or with another lease detaches", detach),
    ConformanceCase("time to live tells what is left and the keys", timeToLive),
    ConformanceCase("unknown leases", unknown),
    ConformanceCase("an expired lease takes its keys with it at one revision", expiry),
  ]

  static func grant(_ t: ConformanceContext) async throws {
    let id = LeaseID(.random(in: 1 ... .max))
    let lease = try await t.backend.grantLease(id: id, ttl: .seconds(60))
    try expectEqual(lease.id, id, "id")
    try expectEqual(lease.ttl, .seconds(60), "time to live")
    try expect(try await t.backend.leases().contains(id), "the lease is not listed")
    try await expectFailure(.leaseExists) { try await t.backend.grantLease(id: id, ttl: .seconds(60)) }
    _ = try await t.backend.revokeLease(id)
    try expect(try await !t.backend.leases().contains(id), "a revoked lease is listed")
    _ = try await t.backend.grantLease(id: id, ttl: .seconds(60))
    _ = try await t.backend.revokeLease(id)
  }

  static func chosen(_ t: ConformanceContext) async throws {
    let first = try await t.backend.grantLease(id: nil, ttl: .seconds(60))
    let second = try await t.backend.grantLease(id: nil, ttl: .seconds(60))
    try expect(first.id != second.id && first.id.rawValue != 0, "ids \(first.id) and \(second.id)")
    let listed = try await t.backend.leases()
    try expect(listed.contains(first.id) && listed.contains(second.id), "a lease is not listed")
    try expectEqual(listed, listed.sorted { $0.rawValue < $1.rawValue }, "order")
    for lease in [first, second] { _ = try await t.backend.revokeLease(lease.id) }
  }

  static func duration(_ t: ConformanceContext) async throws {
    for (asked, least) in [(Duration.milliseconds(1), 1), (.milliseconds(60_500), 61), (.seconds(90), 90)] {
      let lease = try await t.lease(asked)
      try expect(lease.ttl >= .seconds(least), "asked for \(asked), got \(lease.ttl)")
      try expectEqual(lease.ttl.components.attoseconds, 0, "parts of a second")
      // A short one may have expired by now.
      if asked > .seconds(60) { _ = try await t.backend.revokeLease(lease.id) }
    }
  }

  static func tooLong(_ t: ConformanceContext) async throws {
    try await expectFailure(.invalidArgument) { try await t.lease(.seconds(9_000_000_001)) }
  }

  static func revoke(_ t: ConformanceContext) async throws {
    let lease = try await t.lease()
    let before = try await t.put("other")
    for name in ["b", "a", "c"] { try await t.put(name, lease: lease.id) }
    try await t.delete("c")
    _ = try await t.backend.revokeLease(lease.id)
    try expectEqual(t.names(try await t.range().keyValues), ["other"], "keys")
    let events = try await WatchReader(t, from: before) { $0.withoutPuts = true }.events(3)
    try expectEqual(t.names(events.map(\.key)), ["c", "a", "b"], "deletes")
    try expectEqual(events[1].modRevision, events[2].modRevision, "the revision of both")
    try await expectFailure(.leaseNotFound) { try await t.backend.revokeLease(lease.id) }
  }

  static func revokeNothing(_ t: ConformanceContext) async throws {
    let lease = try await t.lease()
    let before = try await t.put("a")
    let header = try await t.backend.revokeLease(lease.id)
    try expect(header.revision >= before, "the revision fell")
    try await t.put("b")
    try expectEqual(t.names(try await WatchReader(t, from: before).events(2).map(\.key)), ["a", "b"])
  }

  static func detach(_ t: ConformanceContext) async throws {
    let first = try await t.lease()
    let second = try await t.lease()
    for name in ["detached", "moved", "recreated"] { try await t.put(name, lease: first.id) }
    try await t.put("detached")
    try await t.put("moved", lease: second.id)
    try await t.delete("recreated")
    try await t.put("recreated")
    try expectEqual(await t.get("detached")?.lease, nil, "a detached key's lease")
    try expectEqual(await t.get("moved")?.lease, second.id, "a moved key's lease")
    _ = try await t.backend.revokeLease(first.id)
    try expectEqual(t.names(try await t.range().keyValues), ["detached", "moved", "recreated"])
    _ = try await t.backend.revokeLease(second.id)
    try expectEqual(t.names(try await t.range().keyValues), ["detached", "recreated"])
  }

  static func timeToLive(_ t: ConformanceContext) async throws {
    let lease = try await t.lease()
    for name in ["b", "a", "gone"] { try await t.put(name, lease: lease.id) }
    try await t.delete("gone")
    let answer = try await t.backend.timeToLive(of: lease.id, keys: true)
    let remaining = try require(answer.remaining, "the remaining time")
    try expect(remaining > .zero && remaining <= .seconds(60), "remaining \(remaining)")
    try expectEqual(answer.granted, .seconds(60), "granted")
    try expectEqual(t.names(answer.keys.sorted()), ["a", "b"], "keys")
    try expectEqual(try await t.backend.timeToLive(of: lease.id, keys: false).keys, [], "keys not asked for")
    let renewed = try await t.backend.keepLeaseAlive(lease.id)
    try expectEqual(renewed.id, lease.id, "the renewed lease")
    try expectEqual(renewed.ttl, .seconds(60), "the renewed time")
    _ = try await t.backend.revokeLease(lease.id)
  }

  static func unknown(_ t: ConformanceContext) async throws {
    let id = LeaseID(.random(in: 1 ... .max))
    try await expectFailure(.leaseNotFound, "revoke") { try await t.backend.revokeLease(id) }
    try await expectFailure(.leaseNotFound, "keep alive") { try await t.backend.keepLeaseAlive(id) }
    let answer = try await t.backend.timeToLive(of: id, keys: true)
    try expectEqual(answer.remaining, nil, "remaining")
    try expectEqual(answer.granted, .zero, "granted")
    try expectEqual(answer.keys, [], "keys")
  }

  static func expiry(_ t: ConformanceContext) async throws {
    let lease = try await t.lease(.seconds(1))
    let response = try await t.transact([], [t.putRequest("b", lease: lease.id), t.putRequest("a", lease: lease.id)])
    let events = try await WatchReader(t, from: response.header.revision) { $0.withoutPuts = true }.events(2)
    try expectEqual(t.names(events.map(\.key)), ["a", "b"], "deletes")
    try expectEqual(events[0].modRevision, events[1].modRevision, "the revision of both")
    try await expectFailure(.leaseNotFound) { try await t.backend.keepLeaseAlive(lease.id) }
    try expectEqual(try await t.backend.timeToLive(of: lease.id, keys: false).remaining, nil, "remaining")
  }
}
