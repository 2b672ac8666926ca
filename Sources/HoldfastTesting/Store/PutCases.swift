internal import Holdfast

enum PutCases {
  static let all: [ConformanceCase] =
    .everyWay("put writes, and returns what is stored then", put)
    + .everyWay("put over what does not decode heals it", heals)
    + .everyWay("a put under no possible key is refused before it is sent", badKeys)
    + .everyWay("a value that cannot be encoded is refused before it is sent", unencodable)

  static func put(_ t: StoreContext) async throws {
    let first = try await t.commit(t.things.put(Thing(id: "a/b", text: "1")))
    try expectEqual(first.result.version, 1, "version")
    try expectEqual(first.result.modRevision, first.revision, "mod revision")
    try expectEqual(first.result.createRevision, first.revision, "create revision")
    try expectEqual(first.result.key, "a/b", "key")
    try expectEqual(first.result.leaseTTL, nil, "time to live")
    try expectEqual(try await t.store.execute(t.things.get("a/b")), first.result, "what is stored")
    let second = try await t.commit(t.things.put(Thing(id: "a/b", text: "2")))
    try expectEqual(second.result.version, 2, "second version")
    try expectEqual(second.result.createRevision, first.revision, "second create revision")
    try expectEqual(second.result.modRevision, second.revision, "second mod revision")
    try expectEqual(try await t.store.execute(t.things.get("a/b")), second.result, "what is stored second")
    _ = try await t.delete("a/b")
    let third = try await t.commit(t.things.put(Thing(id: "a/b", text: "3")))
    try expectEqual(third.result.version, 1, "version after a delete")
    try expectEqual(third.result.createRevision, third.revision, "create revision after a delete")
  }

  static func heals(_ t: StoreContext) async throws {
    try await t.putRaw("a", "{")
    let healed = try await t.run(t.things.put(Thing(id: "a", text: "good")))
    try expectEqual(healed.version, 2, "version")
    try expectEqual(try await t.store.execute(t.things.get("a")), healed)
  }

  static func badKeys(_ t: StoreContext) async throws {
    for id in ["", "/", "a/", "/a", "a//b", ".", "..", "a/../b", "a/."] {
      let error = try await t.unsent(t.things.put(Thing(id: id)), .invalidArgument)
      try expectEqual(error.outcome, .refused, "outcome of '\(id)'")
      try await t.unsent(t.things.create(Thing(id: id)), .invalidArgument)
    }
    for id in ["...", "a.b", " ", "ä/ö", "a\0b"] {
      try await t.run(t.things.put(Thing(id: id)))
      try expectEqual(try await t.store.execute(t.things.get(id))?.value.id, id)
    }
  }

  static func unencodable(_ t: StoreContext) async throws {
    let numbers = Keyspace<[String: Double]>(prefix: t.things.prefix) { _ in "number" }
    let error = try await t.unsent(numbers.put(["a": .nan]), .encodingFailed)
    try expectEqual(error.outcome, .refused, "outcome")
    try expectEqual(error.key, t.things.storeKey(for: "number"), "key")
  }
}
