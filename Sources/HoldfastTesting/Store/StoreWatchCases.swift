internal import Holdfast

enum StoreWatchCases {
  static let all: [ConformanceCase] =
    .store("a watch begins with what is there", initial)
    + .store("a watch of nothing begins with nothing", empty)
    + .store("a watch tells what is created, modified and deleted", changes)
    + .store("a watch tells a transaction in one update", transaction)
    + .store("a watch goes on after what does not decode", undecodable)
    + .store("a watch tells previous values when asked", previous)
    + .store("a watch of a key leaves other keys out", key)
    + .store("a watch of a prefix leaves siblings out", prefix)
    + .store("a cancelled watch ends", cancelled)

  static func initial(_ t: StoreContext) async throws {
    try await t.fill("b", "a")
    try await t.putRaw("bad", "{")
    let reader = ThingReader(t.store.watch(t.things))
    let update = try await reader.next()
    try expectEqual(update.kind, .initial, "kind")
    try expectEqual(update.changes.map(\.summary), ["existing a=a", "existing b=b", "existing bad!"])
    try expect(update.revision >= (try await t.raw("bad")?.modRevision ?? .zero), "revision")
    try expectEqual(update.changes.first?.stored, try await t.store.execute(t.things.get("a")), "stored")
  }

  static func empty(_ t: StoreContext) async throws {
    let reader = ThingReader(t.store.watch(t.things))
    let update = try await reader.next()
    try expectEqual(update.kind, .initial, "kind")
    try expectEqual(update.changes.map(\.summary), [])
    try await t.put("a", "1")
    try expectEqual(try await reader.changes(1), ["created a=1"])
  }

  static func changes(_ t: StoreContext) async throws {
    try await t.fill("old")
    let reader = ThingReader(t.store.watch(t.things))
    _ = try await reader.next()
    try await t.put("a", "1")
    try await t.put("a", "2")
    try await t.put("old", "new")
    let deleted = try await t.delete("a")
    let again = try await t.put("a", "3")
    try expectEqual(
      try await reader.changes(5),
      ["created a=1", "modified a=2", "modified old=new", "deleted a", "created a=3"])
    try expectEqual(reader.last.map(\.revision).suffix(2), [deleted, again.modRevision], "revisions")
    try expectEqual(reader.last.last?.stored, again, "stored")
  }

  static func transaction(_ t: StoreContext) async throws {
    try await t.fill("c")
    let reader = ThingReader(t.store.watch(t.things))
    _ = try await reader.next()
    let committed = try await t.store.commit(
      t.things.put(Thing(id: "b")), t.others.put(Thing(id: "x")), t.things.put(Thing(id: "a")), t.things.delete("c"))
    let update = try await reader.next()
    try expectEqual(update.kind, .changes, "kind")
    try expectEqual(Set(update.changes.map(\.summary)), ["created a=", "created b=", "deleted c"])
    try expectEqual(Set(update.changes.map(\.revision)), [committed.revision], "revisions")
    try expectEqual(update.revision, committed.revision, "revision")
  }

  static func undecodable(_ t: StoreContext) async throws {
    try await t.fill("a")
    let reader = ThingReader(t.store.watch(t.things))
    _ = try await reader.next()
    try await t.putRaw("a", #"{"secret":"hunter2"}"#)
    try await t.putRaw("b", "[]")
    try await t.put("a", "good")
    try expectEqual(try await reader.changes(3), ["modified a!", "created b!", "modified a=good"])
    let error = try require(reader.last.first?.error, "the error")
    try expectEqual(error.code, .decodingFailed)
    try expectEqual(error.key, t.things.storeKey(for: "a"), "key")
    try expect(!"\(error)".contains("hunter2"), "the error holds the value")
  }

  static func previous(_ t: StoreContext) async throws {
    let first = try await t.put("a", "1")
    try await t.putRaw("bad", "{")
    let reader = ThingReader(t.store.watch(t.things, previous: true))
    _ = try await reader.next()
    let second = try await t.put("a", "2")
    _ = try await t.delete("a")
    try await t.put("b", "3")
    _ = try await t.delete("bad")
    _ = try await reader.changes(4)
    try expectEqual(reader.last.map(\.previous), [first, second, nil, nil], "previous")
    let unasked = ThingReader(t.store.watch(t.things))
    _ = try await unasked.next()
    try await t.put("b", "4")
    _ = try await unasked.changes(1)
    try expectEqual(unasked.last.first?.previous?.value, nil, "not asked for")
  }

  static func key(_ t: StoreContext) async throws {
    try await t.fill("a", "ab", "a/b")
    let reader = ThingReader(t.store.watch(t.things, key: "a"))
    try expectEqual(try await reader.next().changes.map(\.summary), ["existing a=a"])
    try await t.put("ab", "x")
    try await t.put("a/b", "x")
    _ = try await t.store.execute(t.things.delete(prefix: "a"))
    try await t.put("a", "2")
    _ = try await t.delete("a")
    try expectEqual(try await reader.changes(2), ["modified a=2", "deleted a"])
  }

  static func prefix(_ t: StoreContext) async throws {
    for prefix in ["a/1", "a/1/"] {
      try await t.fill("a/1", "a/1/x", "a/10")
      let reader = ThingReader(t.store.watch(t.things, prefix: prefix))
      try expectEqual(try await reader.next().changes.map(\.summary), ["existing a/1/x=a/1/x"])
      try await t.fill("a/1", "a/10", "a/10/x", "a/0")
      try await t.put("a/1/y", "new")
      _ = try await t.store.execute(t.things.delete(prefix: "a"))
      try expectEqual(try await reader.changes(3), ["created a/1/y=new", "deleted a/1/x", "deleted a/1/y"])
    }
  }

  static func cancelled(_ t: StoreContext) async throws {
    let (started, signal) = AsyncStream.makeStream(of: Void.self)
    let count = try await withThrowingTaskGroup(of: Int.self) { group in
      group.addTask { [store = t.store, things = t.things] in
        var updates = 0
        for try await _ in store.watch(things) {
          updates += 1
          signal.yield()
        }
        return updates
      }
      for await _ in started { break }
      group.cancelAll()
      return try await group.next()
    }
    try expectEqual(count, 1, "updates before the end")
  }
}
