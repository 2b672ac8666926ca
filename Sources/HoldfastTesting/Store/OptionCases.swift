internal import Holdfast

enum OptionCases {
  static let all: [ConformanceCase] =
    .everyWay("options that do not fit a read are refused before it is sent", reads)
    + .everyWay("options that do not fit a write are refused before it is sent", writes)
    + .everyWay("a limit or revision that cannot be is refused before it is sent", values)

  static func reads(_ t: StoreContext) async throws {
    try await t.unsent(t.things.get("a").ttl(.seconds(1)), .invalidArgument)
    try await t.unsent(t.things.get("a").lease(LeaseID(1)), .invalidArgument)
    try await t.unsent(t.things.get("a").returningPrevious(), .invalidArgument)
    try await t.unsent(t.things.get("a").limit(1), .invalidArgument)
    try await t.unsent(t.things.get("a").sorted(by: .key), .invalidArgument)
    try await t.unsent(t.things.get(["a"]).limit(1), .invalidArgument)
    try await t.unsent(t.things.list().ttl(.seconds(1)), .invalidArgument)
    try await t.unsent(t.things.list().returningPrevious(), .invalidArgument)
    try await t.unsent(t.things.count().limit(1), .invalidArgument)
    try await t.unsent(t.things.exists("a").sorted(by: .key), .invalidArgument)
    let error = try await t.unsent(t.things.exists("a").limit(1), .invalidArgument)
    try expect(error.message.contains("exists") && error.message.contains("limit"), error.message)
    try expectEqual(error.outcome, t.way == .alone ? nil : .refused, "outcome of a read")
  }

  static func writes(_ t: StoreContext) async throws {
    let thing = Thing(id: "a")
    for write in [t.things.put(thing), t.things.create(thing), t.things.update(thing, ifRevision: .zero)] {
      for misfit in [write.limit(1), write.at(Revision(1)), write.serializable(), write.sorted(by: .key)] {
        let error = try await t.unsent(misfit, .invalidArgument)
        try expectEqual(error.outcome, .refused, "outcome of a write")
      }
      let error = try await t.unsent(write.ttl(.seconds(1)).lease(LeaseID(1)), .invalidArgument)
      try expectEqual(error.outcome, .refused, "outcome with two leases")
    }
    for delete in [t.things.delete("a"), t.things.delete(prefix: "a"), t.things.delete(t.things.draft(thing))] {
      for misfit in [delete.ttl(.seconds(1)), delete.lease(LeaseID(1)), delete.returningPrevious(), delete.limit(1)] {
        let error = try await t.unsent(misfit, .invalidArgument)
        try expectEqual(error.outcome, .refused, "outcome of a delete")
      }
    }
  }

  static func values(_ t: StoreContext) async throws {
    for limit in [0, -1] { try await t.unsent(t.things.list().limit(limit), .invalidArgument) }
    for revision in [Revision.zero, Revision(-1)] {
      try await t.unsent(t.things.get("a").at(revision), .invalidArgument)
      try await t.unsent(t.things.list().at(revision), .invalidArgument)
    }
  }
}
