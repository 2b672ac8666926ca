internal import Holdfast

enum PreviousCases {
  static let all: [ConformanceCase] =
    .everyWay("writes return the previous value when asked", writes)
    + .everyWay("a previous value that does not decode fails only where it is looked at", undecodable)
    + .everyWay("delete returning previous returns what was there", deletes)
    + .everyWay("delete of a prefix returning previous returns all of it", prefix)

  static func writes(_ t: StoreContext) async throws {
    let first = try await t.run(t.things.put(Thing(id: "a", text: "1")).returningPrevious())
    try expectEqual(try first.previous()?.value, nil, "before the first")
    let second = try await t.run(t.things.put(Thing(id: "a", text: "2")).returningPrevious())
    try expectEqual(try second.previous(), first, "before the second")
    let third = try await t.run(t.things.update(second).returningPrevious())
    try expectEqual(try third.previous(), second, "before the update")
    let unasked = try await t.run(t.things.put(Thing(id: "a", text: "4")))
    try expectEqual(try unasked.previous()?.value, nil, "not asked for")
    let created = try await t.run(t.things.create(Thing(id: "b")).returningPrevious())
    try expectEqual(try created.previous()?.value, nil, "before a create")
  }

  static func undecodable(_ t: StoreContext) async throws {
    try await t.putRaw("a", #"{"secret":"hunter2"}"#)
    let stored = try await t.run(t.things.put(Thing(id: "a", text: "good")).returningPrevious())
    try expectEqual(stored.version, 2, "version")
    let error = try await expectFailure(.decodingFailed) { try stored.previous() }
    try expect(!"\(error)".contains("hunter2"), "the error holds the value")
  }

  static func deletes(_ t: StoreContext) async throws {
    let stored = try await t.put("a", "1")
    let deleted = try await t.run(t.things.deleteReturningPrevious("a"))
    try expectEqual(Array(deleted), [stored])
    try expectEqual(deleted.total, 1, "total")
    let nothing = try await t.run(t.things.deleteReturningPrevious("a"))
    try expectEqual(nothing.count, 0, "again")
    try expectEqual(nothing.total, 0, "total again")
  }

  static func prefix(_ t: StoreContext) async throws {
    try await t.fill("a/1/x", "a/1/y", "a/10")
    try await t.putRaw("a/1/bad", "{")
    let deleted = try await t.commit(t.things.deleteReturningPrevious(prefix: "a/1"))
    try expectEqual(deleted.result.map(\.summary), ["a/1/x=a/1/x", "a/1/y=a/1/y"])
    try expectEqual(deleted.result.quarantined.map(\.key), ["a/1/bad"], "quarantined")
    try expectEqual(deleted.result.total, 3, "total")
    try expectEqual(deleted.result.revision, deleted.revision, "revision")
    try expectEqual(try await t.keys(), ["a/10"], "what is left")
  }
}
