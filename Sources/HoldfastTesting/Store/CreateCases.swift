internal import Holdfast

enum CreateCases {
  static let all: [ConformanceCase] =
    .everyWay("create writes a new key", create)
    + .everyWay("create of an existing key is refused with what it holds", exists)
    + .everyWay("create of what does not decode is refused too", undecodable)
    + .everyWay("create after a delete is a new key", again)

  static func create(_ t: StoreContext) async throws {
    let created = try await t.commit(t.things.create(Thing(id: "a", text: "1")))
    try expectEqual(created.result.version, 1, "version")
    try expectEqual(created.result.createRevision, created.revision, "create revision")
    try expectEqual(created.result.modRevision, created.revision, "mod revision")
    try expectEqual(try await t.store.execute(t.things.get("a")), created.result)
  }

  static func exists(_ t: StoreContext) async throws {
    let stored = try await t.put("a", "1")
    let error = try await t.refused(t.things.create(Thing(id: "a", text: "2")), .alreadyExists)
    try expectEqual(try error.current(in: t.things), stored, "what it holds")
    try expectEqual(error.key, stored.storeKey, "key")
    try expect((error.revision ?? .zero) >= stored.modRevision, "the error's revision")
    try expectEqual(try error.current(in: t.others)?.value, nil, "in another keyspace")
  }

  static func undecodable(_ t: StoreContext) async throws {
    let revision = try await t.putRaw("a", "{")
    let error = try await t.refused(t.things.create(Thing(id: "a")), .alreadyExists)
    try expectEqual(error.current?.modRevision, revision, "what it holds")
    try await expectFailure(.decodingFailed) { try error.current(in: t.things) }
  }

  static func again(_ t: StoreContext) async throws {
    try await t.put("a", "1")
    let deleted = try await t.delete("a")
    let created = try await t.run(t.things.create(Thing(id: "a", text: "2")))
    try expectEqual(created.version, 1, "version")
    try expect(created.createRevision > deleted, "create revision")
  }
}
