internal import Holdfast

enum LeaseOptionCases {
  static let all: [ConformanceCase] =
    .everyWay("a write attaches its key to a given lease", given)
    + .everyWay("a refused write does not end the lease it was given", kept)
    + .everyWay("an unknown lease refuses the write", unknown)

  static func given(_ t: StoreContext) async throws {
    let lease = try await t.backend.grantLease(id: nil, ttl: .seconds(60))
    let stored = try await t.run(t.things.create(Thing(id: "a")).lease(lease))
    try expectEqual(stored.lease, lease.id, "lease")
    try expectEqual(try await t.store.execute(t.things.get("a")), stored)
    let updated = try await t.run(t.things.update(stored).lease(lease.id))
    try expectEqual(updated.lease, lease.id, "lease after an update")
    try await t.run(t.things.put(Thing(id: "b")).lease(lease))
    try await t.put("c")
    _ = try await t.backend.revokeLease(lease.id)
    try expectEqual(try await t.keys(), ["c"], "after the lease")
  }

  static func kept(_ t: StoreContext) async throws {
    let lease = try await t.backend.grantLease(id: nil, ttl: .seconds(60))
    try await t.put("a")
    try await t.refused(t.things.create(Thing(id: "a")).lease(lease), .alreadyExists)
    try expectEqual(try await t.backend.leasesLeft(), [lease.id], "leases left")
    _ = try await t.backend.revokeLease(lease.id)
  }

  static func unknown(_ t: StoreContext) async throws {
    let lease = LeaseID(.random(in: 1 ... .max))
    try await t.refused(t.things.put(Thing(id: "a")).lease(lease), .leaseNotFound)
  }
}
