internal import Holdfast

enum DeleteCases {
  static let all: [ConformanceCase] =
    .everyWay("delete of a key counts 1 or 0", key)
    + .store("deleting nothing makes no revision", nothing)
    + .everyWay("delete of a value needs it unchanged", value)
    + .everyWay("delete of a prefix leaves siblings, with and without a slash", prefix)
    + .everyWay("delete of the whole keyspace leaves its neighbours", whole)
    + .everyWay("delete takes what does not decode", undecodable)

  static func key(_ t: StoreContext) async throws {
    try await t.fill("a", "a/b", "ab")
    let deleted = try await t.commit(t.things.delete("a"))
    try expectEqual(deleted.result, 1)
    try expectEqual(try await t.keys(), ["a/b", "ab"])
    try expectEqual(try await t.run(t.things.delete("a")), 0, "again")
    try expectEqual(try await t.run(t.things.delete("a/")), 0, "with a slash")
  }

  static func nothing(_ t: StoreContext) async throws {
    let revision = try await t.put("a").modRevision
    let answer = try await t.commit(t.things.delete("b"))
    try expect(answer.revision >= revision, "revision \(answer.revision)")
    let read = try await t.raw("a")
    try expectEqual(read?.modRevision, revision)
  }

  static func value(_ t: StoreContext) async throws {
    let old = try await t.put("a", "1")
    let new = try await t.put("a", "2")
    let error = try await t.refused(t.things.delete(old), .revisionMismatch)
    try expectEqual(try error.current(in: t.things), new, "what is there now")
    try expectEqual(try await t.run(t.things.delete(new)), 1)
    try expectEqual(try await t.keys(), [])
    let gone = try await t.refused(t.things.delete(new), .revisionMismatch)
    try expectEqual(gone.current, nil, "what is there at last")
  }

  static func prefix(_ t: StoreContext) async throws {
    for prefix in ["a/1", "a/1/"] {
      try await t.fill("a/1", "a/1/x", "a/1/y/z", "a/10", "a/10/x", "b")
      try expectEqual(try await t.run(t.things.delete(prefix: prefix)), 2, prefix)
      try expectEqual(try await t.keys(), ["a/1", "a/10", "a/10/x", "b"], prefix)
      try expectEqual(try await t.run(t.things.delete(prefix: prefix)), 0, "\(prefix) again")
    }
  }

  static func whole(_ t: StoreContext) async throws {
    let sibling = Keyspace<Thing>(prefix: t.context.key("things2")) { $0.id }
    try await t.store.execute(sibling.put(Thing(id: "x")))
    _ = try await t.context.put("things")
    try await t.fill("a", "b/c")
    try expectEqual(try await t.run(t.things.delete(prefix: "")), 2)
    try expectEqual(try await t.keys(), [])
    try expectEqual(try await t.store.execute(sibling.count()), 1, "the sibling")
    try expect(try await t.context.get("things") != nil, "the key named as the keyspace is gone")
  }

  static func undecodable(_ t: StoreContext) async throws {
    try await t.putRaw("a", "{")
    try await t.putRaw("b/c", "{")
    try expectEqual(try await t.run(t.things.delete("a")), 1, "by key")
    try expectEqual(try await t.run(t.things.delete(prefix: "b")), 1, "by prefix")
  }
}
