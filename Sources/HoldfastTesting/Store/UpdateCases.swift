internal import Holdfast

enum UpdateCases {
  static let all: [ConformanceCase] =
    .everyWay("update replaces the value it was given", update)
    + .everyWay("update of a changed value is refused with what is there now", changed)
    + .everyWay("update of a deleted value is refused", deleted)
    + .everyWay("update of a value deleted and created again is refused", recreated)
    + .everyWay("update of a draft creates", draft)
    + .everyWay("update with a closure", closure)
    + .everyWay("an update closure that throws writes nothing", throwing)
    + .everyWay("update if a revision", ifRevision)
    + .everyWay("a change of the key is refused before it is sent", key)

  static func update(_ t: StoreContext) async throws {
    var stored = try await t.put("a", "1")
    let created = stored.modRevision
    stored.value.text = "2"
    let updated = try await t.commit(t.things.update(stored))
    try expectEqual(updated.result.version, 2, "version")
    try expectEqual(updated.result.createRevision, created, "create revision")
    try expectEqual(updated.result.modRevision, updated.revision, "mod revision")
    try expectEqual(try await t.store.execute(t.things.get("a")), updated.result)
    // What an update returns can be updated again.
    try expectEqual(try await t.run(t.things.update(updated.result)).version, 3, "version of the next")
  }

  static func changed(_ t: StoreContext) async throws {
    let stored = try await t.put("a", "1")
    let newer = try await t.put("a", "2")
    let error = try await t.refused(t.things.update(stored) { $0.text = "3" }, .revisionMismatch)
    try expectEqual(try error.current(in: t.things), newer, "what is there now")
    try expectEqual(error.key, stored.storeKey, "key")
    try expect((error.revision ?? .zero) >= newer.modRevision, "the error's revision")
  }

  static func deleted(_ t: StoreContext) async throws {
    let stored = try await t.put("a", "1")
    let revision = try await t.delete("a")
    let error = try await t.refused(t.things.update(stored), .revisionMismatch)
    try expectEqual(error.current, nil, "what is there now")
    try expectEqual(error.key, stored.storeKey, "key")
    try expect((error.revision ?? .zero) >= revision, "the error's revision")
  }

  static func recreated(_ t: StoreContext) async throws {
    let stored = try await t.put("a", "1")
    _ = try await t.delete("a")
    let newer = try await t.put("a", "1")
    try expectEqual(newer.version, stored.version, "the same version")
    let error = try await t.refused(t.things.update(stored), .revisionMismatch)
    try expectEqual(try error.current(in: t.things), newer, "what is there now")
    try await t.refused(t.things.delete(stored), .revisionMismatch)
  }

  static func draft(_ t: StoreContext) async throws {
    let draft = t.things.draft(Thing(id: "a", text: "1"))
    try expectEqual(draft.version, 0, "version of a draft")
    let created = try await t.run(t.things.update(draft))
    try expectEqual(created.version, 1, "version")
    let error = try await t.refused(t.things.update(draft), .revisionMismatch)
    try expectEqual(try error.current(in: t.things), created, "what is there now")
  }

  static func closure(_ t: StoreContext) async throws {
    let stored = try await t.put("a", "1")
    let operation = t.things.update(stored) { $0.text += "+" }
    let updated = try await t.run(operation)
    try expectEqual(updated.value.text, "1+")
    try expectEqual(stored.value.text, "1", "what was handed in")
    try expectEqual(try await t.store.execute(t.things.get("a")), updated)
    try await t.refused(operation, .revisionMismatch)
  }

  private struct OwnError: Error {}

  static func throwing(_ t: StoreContext) async throws {
    let stored = try await t.put("a", "1")
    let sent = t.backend.requests
    do {
      try await t.run(t.things.update(stored) { _ in throw OwnError() })
      throw ConformanceFailure("the closure's error is lost")
    } catch is OwnError {
      try expectEqual(t.backend.requests, sent, "requests sent")
    }
  }

  static func ifRevision(_ t: StoreContext) async throws {
    let created = try await t.run(t.things.update(Thing(id: "a", text: "1"), ifRevision: .zero))
    try expectEqual(created.version, 1, "version")
    let updated = try await t.run(t.things.update(Thing(id: "a", text: "2"), ifRevision: created.modRevision))
    try expectEqual(updated.version, 2, "version")
    for revision in [.zero, created.modRevision, updated.modRevision.next] {
      let error = try await t.refused(t.things.update(Thing(id: "a"), ifRevision: revision), .revisionMismatch)
      try expectEqual(try error.current(in: t.things), updated, "what is there now")
    }
  }

  static func key(_ t: StoreContext) async throws {
    let stored = try await t.put("a", "1")
    let error = try await t.unsent(t.things.update(stored) { $0.id = "b" }, .keyMismatch)
    try expectEqual(error.outcome, .refused, "outcome")
    try expectEqual(error.key, stored.storeKey, "key")
    var changed = stored
    changed.value.id = "a/b"
    try await t.unsent(t.things.update(changed), .keyMismatch)
    var draft = t.things.draft(Thing(id: "a"))
    draft.value.id = "b"
    try await t.unsent(t.things.update(draft), .keyMismatch)
    try expectEqual(try await t.keys(), ["a"])
  }
}
