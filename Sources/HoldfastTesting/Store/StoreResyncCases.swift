internal import Holdfast

enum StoreResyncCases {
  static let all: [ConformanceCase] =
    .store("a watch overtaken by a compaction tells the net difference", difference)
    + .store("a watch tells that nothing changed in the gap", nothing)
    + .store("a watch goes on after a resync, as often as needed", again)
    + .store("a watch that the store ends for a while lists again", ended)
    + .store("a watch that the store refuses throws", refused)

  /// Makes what was written since unavailable to watches.
  private static func compact(_ t: StoreContext) async throws {
    _ = try await t.put("z/last")
    let revision = try await t.delete("z/last")
    _ = try await t.backend.compact(CompactRequest(revision))
  }

  static func difference(_ t: StoreContext) async throws {
    try await t.fill("changed", "deleted", "kept", "recreated")
    let kept = try await t.store.execute(t.things.get("kept"))
    let reader = ThingReader(t.store.watch(t.things))
    try expectEqual(try await reader.next().changes.count, 4, "initial")
    try await t.put("changed", "1")
    try await t.put("changed", "2")
    _ = try await t.delete("deleted")
    _ = try await t.delete("recreated")
    let recreated = try await t.put("recreated", "recreated")
    try await t.put("new")
    try await t.putRaw("newbad", "{")
    try await t.put("passing")
    _ = try await t.delete("passing")
    try await compact(t)
    let update = try await reader.next()
    try expectEqual(update.kind, .resync, "kind")
    try expectEqual(
      update.changes.map(\.summary),
      ["modified changed=2", "deleted deleted", "created new=", "created newbad!", "replaced recreated=recreated"])
    try expectEqual(update.changes[1].revision, update.revision, "revision of the delete")
    try expectEqual(update.changes[4].stored, recreated, "what was recreated")
    try expectEqual(try await t.store.execute(t.things.get("kept")), kept)
    try await t.put("kept", "now")
    try expectEqual(try await reader.changes(1), ["modified kept=now"])
  }

  static func nothing(_ t: StoreContext) async throws {
    try await t.fill("a")
    let reader = ThingReader(t.store.watch(t.things))
    let first = try await reader.next()
    try await compact(t)
    let update = try await reader.next()
    try expectEqual(update.kind, .resync, "kind")
    try expectEqual(update.changes.map(\.summary), [])
    try expect(update.revision > first.revision, "revision")
  }

  static func again(_ t: StoreContext) async throws {
    let reader = ThingReader(t.store.watch(t.things))
    _ = try await reader.next()
    for round in 1...3 {
      try await t.put("a", "\(round)")
      try await compact(t)
      let update = try await reader.next()
      try expectEqual(update.kind, .resync, "kind")
      let kind = round == 1 ? "created" : "modified"
      try expectEqual(update.changes.map(\.summary), ["\(kind) a=\(round)"])
    }
    _ = try await t.delete("a")
    try expectEqual(try await reader.changes(1), ["deleted a"])
  }

  /// The contract of ``WatchUpdates``: they end by an error. What follows on the same iterator is nothing.
  static func ended(_ t: StoreContext) async throws {
    let isFirst = Once()
    t.backend.onWatch { request, base in
      isFirst.isFirst()
        ? WatchUpdates { FailingWatch(HoldfastError(.unavailable, "no endpoint answers")) } : base.watch(request)
    }
    let reader = ThingReader(t.store.watch(t.things))
    _ = try await reader.next()
    try await t.put("a", "1")
    let update = try await reader.next()
    try expectEqual(update.kind, .resync, "kind")
    try expectEqual(update.changes.map(\.summary), ["created a=1"])
    try await t.put("a", "2")
    try expectEqual(try await reader.changes(1), ["modified a=2"])
  }

  static func refused(_ t: StoreContext) async throws {
    t.backend.onWatch { _, _ in WatchUpdates { FailingWatch(HoldfastError(.permissionDenied, "not yours")) } }
    let reader = ThingReader(t.store.watch(t.things))
    _ = try await reader.next()
    try await expectFailure(.permissionDenied) { _ = try await reader.next() }
  }
}
