internal import Holdfast

enum GetCases {
  static let all: [ConformanceCase] =
    .everyWay("get returns the value with its key and revisions", found)
    + .everyWay("get of a key that does not exist is nil", missing)
    + .everyWay("get at a revision reads the state then", old)
    + .everyWay("get of what does not decode throws, and says that the transaction was applied", undecodable)
    + .store("a serializable get reads", serializable)
    + .store("get at a compacted or future revision is told", unreadable)

  static func found(_ t: StoreContext) async throws {
    let created = try await t.put("a/b", "1")
    let changed = try await t.put("a/b", "2")
    let answer = try await t.commit(t.things.get("a/b"))
    let stored = try require(answer.result, "the value")
    try expectEqual(stored.value, Thing(id: "a/b", text: "2"))
    try expectEqual(stored.key, "a/b", "key")
    try expectEqual(stored.storeKey, t.context.key("things/a/b"), "store key")
    try expectEqual(stored.version, 2, "version")
    try expectEqual(stored.createRevision, created.modRevision, "create revision")
    try expectEqual(stored.modRevision, changed.modRevision, "mod revision")
    try expectEqual(stored.lease, nil, "lease")
    try expectEqual(stored.isMisplaced, false, "misplaced")
    try expect(answer.revision >= stored.modRevision, "the answer's revision \(answer.revision)")
  }

  static func missing(_ t: StoreContext) async throws {
    try await t.fill("a", "abc")
    try expectEqual(try await t.run(t.things.get("ab"))?.value, nil)
  }

  static func old(_ t: StoreContext) async throws {
    let first = try await t.put("a", "1")
    let second = try await t.put("a", "2")
    let gone = try await t.delete("a")
    try expectEqual(try await t.run(t.things.get("a").at(first.modRevision)), first)
    try expectEqual(try await t.run(t.things.get("a").at(second.modRevision)), second)
    try expectEqual(try await t.run(t.things.get("a").at(gone))?.value, nil, "after the delete")
    try expectEqual(try await t.run(t.things.get("a").at(first.modRevision.previous))?.value, nil, "before it was")
  }

  static func undecodable(_ t: StoreContext) async throws {
    try await t.putRaw("a", #"{"secret":"hunter2"}"#)
    let error = try await expectFailure(.decodingFailed) { try await t.run(t.things.get("a")) }
    try expectEqual(error.outcome, t.way == .alone ? nil : .applied, "outcome")
    try expectEqual(error.key, t.things.storeKey(for: "a"), "key")
    try expect(!"\(error)".contains("hunter2"), "the error holds the value")
    try expect(error.revision != nil, "the error has no revision")
    let beside = try await t.store.execute(t.others.exists("beside"))
    try expectEqual(beside, t.way != .alone, "what was written beside")
  }

  static func serializable(_ t: StoreContext) async throws {
    // The member that answers may lag: it knows the key or does not know it yet.
    let stored = try await t.put("a", "1")
    let read = try await t.store.execute(t.things.get("a").serializable())
    try expect(read == nil || read == stored, "read \(String(describing: read))")
    try expect(try await t.store.execute(t.things.list().serializable()).count <= 1, "list")
    try expect(try await t.store.execute(t.things.count().serializable()) <= 1, "count")
    try expectEqual(try await t.store.execute(t.things.get("missing").serializable())?.value, nil)
  }

  static func unreadable(_ t: StoreContext) async throws {
    let old = try await t.put("a", "1")
    let now = try await t.put("a", "2")
    let beyond = Revision(now.modRevision.rawValue + 1_000_000)
    try await expectFailure(.futureRevision) { try await t.store.execute(t.things.get("a").at(beyond)) }
    _ = try await t.backend.compact(CompactRequest(now.modRevision))
    try await expectFailure(.compacted) { try await t.store.execute(t.things.get("a").at(old.modRevision)) }
    try expectEqual(try await t.store.execute(t.things.get("a").at(now.modRevision)), now)
  }
}

extension [ConformanceCase] {
  static func everyWay(
    _ name: String, _ body: @escaping @Sendable (StoreContext) async throws -> Void
  ) -> [ConformanceCase] { ConformanceCase.everyWay(name, body) }

  static func store(
    _ name: String, _ body: @escaping @Sendable (StoreContext) async throws -> Void
  ) -> [ConformanceCase] { ConformanceCase.store(name, body) }
}
