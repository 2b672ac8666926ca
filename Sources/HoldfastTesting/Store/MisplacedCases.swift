internal import Holdfast

/// Somebody else wrote a value under another key than its key function gives.
enum MisplacedCases {
  static let all: [ConformanceCase] =
    .everyWay("a misplaced value is served under its real key and flagged", read)
    + .everyWay("a misplaced value is updated under its real key", update)
    + .everyWay("a misplaced value is deleted under its real key", delete)
    + .everyWay("a misplaced value is changed even under a key that would be refused", oddKey)

  private static func misplaced(_ t: StoreContext, at key: String = "real") async throws -> Stored<Thing> {
    try await t.putRaw(key, #"{"id":"claimed","text":"1"}"#)
    return try require(await t.store.execute(t.things.get(key)), "the misplaced value")
  }

  static func read(_ t: StoreContext) async throws {
    let stored = try await misplaced(t)
    try await t.put("right")
    try expectEqual(try await t.run(t.things.get("real")), stored)
    try expectEqual(stored.isMisplaced, true, "flag")
    try expectEqual(stored.key, "real", "key")
    try expectEqual(stored.value.id, "claimed", "value")
    try expectEqual(try await t.run(t.things.get("claimed"))?.value, nil, "under the claimed key")
    try expectEqual(try await t.run(t.things.list()).map(\.isMisplaced), [true, false], "flags of the list")
  }

  static func update(_ t: StoreContext) async throws {
    try await t.put("claimed", "the right one")
    let stored = try await misplaced(t)
    let updated = try await t.run(t.things.update(stored) { $0.text = "2" })
    try expectEqual(updated.key, "real", "key")
    try expectEqual(updated.isMisplaced, true, "flag")
    try expectEqual(try await t.store.execute(t.things.list()).map(\.summary), ["claimed=the right one", "real=2"])
    let mended = try await t.run(t.things.update(updated) { $0.id = "real" })
    try expectEqual(mended.isMisplaced, false, "flag after mending")
    try await t.unsent(t.things.update(mended) { $0.id = "claimed" }, .keyMismatch)
  }

  static func delete(_ t: StoreContext) async throws {
    try await t.put("claimed", "the right one")
    let stored = try await misplaced(t)
    try expectEqual(try await t.run(t.things.delete(stored)), 1)
    try expectEqual(try await t.keys(), ["claimed"])
  }

  static func oddKey(_ t: StoreContext) async throws {
    let stored = try await misplaced(t, at: "a//b/")
    let updated = try await t.run(t.things.update(stored) { $0.text = "2" })
    try expectEqual(try await t.keys(), ["a//b/"])
    try expectEqual(try await t.run(t.things.delete(updated)), 1)
  }
}
