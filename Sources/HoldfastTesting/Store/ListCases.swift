internal import Holdfast

enum ListCases {
  static let all: [ConformanceCase] =
    .everyWay("list returns a keyspace in key order", whole)
    + .everyWay("list of a prefix leaves siblings out, with and without a slash", prefix)
    + .everyWay("list between keys", between)
    + .everyWay("list with a limit says that there is more", limit)
    + .everyWay("list sorts as asked, and cuts after sorting", sorted)
    + .everyWay("list at a revision reads the state then", old)
    + .everyWay("list carries what does not decode", undecodable)
    + .store("list of a keyspace without a prefix is the store", withoutPrefix)

  static func whole(_ t: StoreContext) async throws {
    try expectEqual(try await t.run(t.things.list()).map(\.summary), [], "nothing")
    try await t.fill("b", "a/2", "a/10", "c")
    let answer = try await t.commit(t.things.list())
    try expectEqual(answer.result.map(\.summary), ["a/10=a/10", "a/2=a/2", "b=b", "c=c"])
    try expectEqual(answer.result.total, 4, "total")
    try expectEqual(answer.result.more, false, "more")
    try expectEqual(answer.result.revision, answer.revision, "revision")
    try expectEqual(answer.result.first, try await t.store.execute(t.things.get("a/10")))
  }

  static func prefix(_ t: StoreContext) async throws {
    try await t.fill("a/1", "a/1/x", "a/10", "a/1/y/z", "b")
    for prefix in ["a/1", "a/1/"] {
      try expectEqual(try await t.run(t.things.list(prefix: prefix)).map(\.value.id), ["a/1/x", "a/1/y/z"], prefix)
    }
    try expectEqual(try await t.run(t.things.list(prefix: "a")).count, 4, "a")
    try expectEqual(try await t.run(t.things.list(prefix: "")).count, 5, "everything")
    try expectEqual(try await t.run(t.things.list(prefix: "c")).count, 0, "nothing")
  }

  static func between(_ t: StoreContext) async throws {
    try await t.fill("a", "b", "c", "d")
    _ = try await t.context.put("thingz")
    try expectEqual(try await t.run(t.things.list(from: "b", to: "d")).map(\.value.id), ["b", "c"])
    try expectEqual(try await t.run(t.things.list(from: "bb", to: "cc")).map(\.value.id), ["c"], "not at keys")
    try expectEqual(try await t.run(t.things.list(from: "c")).map(\.value.id), ["c", "d"], "to the end")
    try expectEqual(try await t.run(t.things.list(from: "c", to: "b")).map(\.value.id), [], "backwards")
    try expectEqual(try await t.run(t.things.list(from: "c", to: "c")).map(\.value.id), [], "empty")
  }

  static func limit(_ t: StoreContext) async throws {
    try await t.fill("a", "b", "c")
    let two = try await t.run(t.things.list().limit(2))
    try expectEqual(two.map(\.value.id), ["a", "b"])
    try expectEqual(two.more, true, "more")
    try expectEqual(two.total, 3, "total")
    let three = try await t.run(t.things.list().limit(3))
    try expectEqual(three.count, 3)
    try expectEqual(three.more, false, "more of three")
  }

  static func sorted(_ t: StoreContext) async throws {
    try await t.fill("b", "c", "a")
    try await t.put("c", "again")
    let list = t.things.list()
    try expectEqual(try await t.run(list.sorted(by: .key, .descending)).map(\.value.id), ["c", "b", "a"], "key")
    try expectEqual(try await t.run(list.sorted(by: .modRevision)).map(\.value.id), ["b", "a", "c"], "mod revision")
    let created = list.sorted(by: .createRevision, .descending).limit(2)
    try expectEqual(try await t.run(created).map(\.value.id), ["a", "c"], "create revision, limited")
    let version = try await t.run(list.sorted(by: .version, .descending).limit(1))
    try expectEqual(version.map(\.value.id), ["c"], "version, limited")
    try expectEqual(version.more, true, "more")
  }

  static func old(_ t: StoreContext) async throws {
    try await t.fill("a")
    let revision = try await t.put("b", "old").modRevision
    try await t.put("b", "new")
    _ = try await t.delete("a")
    let old = try await t.run(t.things.list().at(revision))
    try expectEqual(old.map(\.summary), ["a=a", "b=old"])
    try expectEqual(old.revision, revision, "revision")
    try expectEqual(try await t.run(t.things.list()).map(\.summary), ["b=new"], "now")
  }

  static func undecodable(_ t: StoreContext) async throws {
    try await t.fill("a", "c")
    let revision = try await t.putRaw("b", "[]")
    let answer = try await t.run(t.things.list())
    try expectEqual(answer.map(\.value.id), ["a", "c"])
    try expectEqual(answer.quarantined.map(\.key), ["b"], "quarantined")
    try expectEqual(answer.quarantined.map(\.modRevision), [revision], "quarantined at")
    try expectEqual(answer.total, 3, "total")
    try await t.put("b", "healed")
    try expectEqual(try await t.run(t.things.list()).quarantined, [], "after healing")
  }

  static func withoutPrefix(_ t: StoreContext) async throws {
    let name = t.context.key("things/a").string ?? ""
    try await t.fill("a")
    let everything = Keyspace<Thing>(prefix: "") { "\($0.id)" }
    let stored = try await t.store.execute(everything.get(name))
    try expectEqual(stored?.value.id, "a")
    try expectEqual(try await t.store.execute(everything.list(prefix: t.things.prefix)).map(\.storeKey), [Key(name)])
  }
}
