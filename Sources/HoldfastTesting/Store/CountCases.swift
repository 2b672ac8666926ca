internal import Holdfast

enum CountCases {
  static let all: [ConformanceCase] =
    .everyWay("exists looks at one key, decodable or not", exists)
    + .everyWay("count follows the slash rule and counts what does not decode", count)
    + .everyWay("exists and count at a revision", old)

  static func exists(_ t: StoreContext) async throws {
    try await t.fill("a/1/x", "a/10")
    try await t.putRaw("bad", "{")
    let table = [("a/1", false), ("a/1/", false), ("a/1/x", true), ("a/10", true), ("a", false), ("bad", true)]
    for (key, expected) in table { try expectEqual(try await t.run(t.things.exists(key)), expected, key) }
  }

  static func count(_ t: StoreContext) async throws {
    try expectEqual(try await t.run(t.things.count()), 0, "nothing")
    try await t.fill("a/1", "a/1/x", "a/10", "b")
    try await t.putRaw("a/1/bad", "{")
    let table = [("", 5), ("a", 4), ("a/", 4), ("a/1", 2), ("a/1/", 2), ("a/10", 0), ("c", 0)]
    for (prefix, expected) in table {
      try expectEqual(try await t.run(t.things.count(prefix: prefix)), expected, prefix)
    }
  }

  static func old(_ t: StoreContext) async throws {
    let revision = try await t.put("a").modRevision
    try await t.put("b")
    _ = try await t.delete("a")
    try expectEqual(try await t.run(t.things.count().at(revision)), 1, "count")
    try expectEqual(try await t.run(t.things.exists("a").at(revision)), true, "a")
    try expectEqual(try await t.run(t.things.exists("b").at(revision)), false, "b")
  }
}
