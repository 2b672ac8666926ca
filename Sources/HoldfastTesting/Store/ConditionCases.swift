internal import Holdfast

enum ConditionCases {
  static let all: [ConformanceCase] =
    .everyWay("every kind of condition lets an operation through or refuses it", kinds)
    + .everyWay("a violated condition names the key and what it holds", named)
    + .everyWay("conditions make reads fail too", reads)
    + .store("conditions of a whole transaction", transaction)
    + .store("of several refusals the first is told", first)
    + .store("a condition may look at what the transaction writes", own)

  private struct Setting {
    var changed: Stored<Thing>
    var held: Stored<Thing>
    var lease: LeaseID
  }

  private static func setting(_ t: StoreContext) async throws -> Setting {
    let lease = try await t.backend.grantLease(id: nil, ttl: .seconds(60))
    try await t.put("x/changed", "1")
    let changed = try await t.put("x/changed", "2")
    let held = try await t.store.execute(t.things.put(Thing(id: "x/held")).lease(lease))
    return Setting(changed: changed, held: held, lease: lease.id)
  }

  static func kinds(_ t: StoreContext) async throws {
    let setting = try await setting(t)
    let (changed, held) = (setting.changed, setting.held)
    let key = changed.storeKey
    let missing = t.things.storeKey(for: "x/missing")
    let range = KeyRange.prefix(t.things.storeKey(for: "x/"))
    let empty = KeyRange.prefix(t.things.storeKey(for: "empty/"))
    let table: [(String, Condition, Bool)] = [
      ("exists", .exists(key), true), ("exists", .exists(missing), false),
      ("missing", .missing(missing), true), ("missing", .missing(key), false),
      ("unchanged", .unchanged(changed), true), ("unchanged", .unchanged(key, since: changed.createRevision), false),
      ("unchanged, missing", .unchanged(missing, since: changed.modRevision), false),
      ("unchanged since none", .unchanged(missing, since: .zero), true),
      ("none modified", .noneModified(in: range, after: held.modRevision), true),
      ("none modified", .noneModified(in: range, after: changed.modRevision), false),
      ("none modified, empty", .noneModified(in: empty, after: .zero), true),
      ("none exists", .noneExists(in: empty), true), ("none exists", .noneExists(in: range), false),
      ("held", .held(held.storeKey, by: setting.lease), true), ("held", .held(key, by: setting.lease), false),
      ("held, missing", .held(missing, by: setting.lease), false),
      ("version", Condition(Compare(key: key, .version(1), .greater)), true),
      ("version", Condition(Compare(key: key, .version(1))), false),
      ("value", Condition(Compare(key: key, .value(try t.things.encode(changed.value)))), true),
      ("value", Condition(Compare(key: key, .value([]))), false),
    ]
    for (index, (name, condition, holds)) in table.enumerated() {
      let operation = t.things.create(Thing(id: "\(index)")).if(condition)
      if holds {
        do {
          try await t.run(operation)
        } catch {
          throw ConformanceFailure("\(name) \(condition.compare) should hold: \(error)")
        }
      } else {
        try await t.refused(operation, .constraintViolated)
      }
    }
    _ = try await t.backend.revokeLease(setting.lease)
  }

  static func named(_ t: StoreContext) async throws {
    let a = try await t.put("x/a", "a")
    let b = try await t.put("x/b", "b")
    let exists = Condition.exists(a.storeKey)
    // The second of two does not hold, and of its range only the second key.
    let none = Condition.noneModified(in: .prefix(t.things.storeKey(for: "x/")), after: a.modRevision)
    let error = try await t.refused(t.things.put(Thing(id: "c")).if(exists, none), .constraintViolated)
    try expectEqual(error.key, b.storeKey, "key")
    try expectEqual(try error.current(in: t.things), b, "what it holds")
    try expect((error.revision ?? .zero) >= b.modRevision, "the error's revision")
    let missing = t.things.storeKey(for: "missing")
    let second = try await t.refused(t.things.put(Thing(id: "c")).if(exists).if(.exists(missing)), .constraintViolated)
    try expectEqual(second.key, missing, "key of what is missing")
    try expectEqual(second.current, nil, "what it holds when missing")
    try expect(second.message.contains("must exist"), second.message)
  }

  static func reads(_ t: StoreContext) async throws {
    try await t.fill("a")
    let missing = Condition.exists(t.things.storeKey(for: "b"))
    try await t.refused(t.things.get("a").if(missing), .constraintViolated)
    try await t.refused(t.things.get(["a"]).if(missing), .constraintViolated)
    try await t.refused(t.things.list().if(missing), .constraintViolated)
    try await t.refused(t.things.count().if(missing), .constraintViolated)
    try await t.refused(t.things.exists("a").if(missing), .constraintViolated)
    try await t.refused(t.things.delete("a").if(missing), .constraintViolated)
    try await t.refused(t.things.delete(prefix: "").if(missing), .constraintViolated)
    try await t.refused(t.things.deleteReturningPrevious("a").if(missing), .constraintViolated)
  }

  static func transaction(_ t: StoreContext) async throws {
    let a = try await t.put("a", "1")
    let both = try await t.store.transaction(
      if: [.unchanged(a)], t.things.put(Thing(id: "b")), t.things.put(Thing(id: "c")))
    try expectEqual(both.0.modRevision, both.1.modRevision, "one revision")
    try await t.put("a", "2")
    let error = try await expectFailure(.constraintViolated, outcome: .refused) {
      try await t.store.transaction(if: [.unchanged(a)], t.things.delete("b"), t.things.delete("c"))
    }
    try expectEqual(try error.current(in: t.things)?.value.text, "2", "what it holds")
    var built = Transaction()
    built.require(.unchanged(a))
    built.add(t.things.delete(prefix: ""))
    try await expectFailure(.constraintViolated, outcome: .refused) { try await t.store.execute(built) }
    try expectEqual(try await t.keys(), ["a", "b", "c"])
  }

  static func first(_ t: StoreContext) async throws {
    let a = try await t.put("a")
    let b = try await t.put("b")
    try await t.put("b", "new")
    let error = try await expectFailure(.revisionMismatch, outcome: .refused) {
      try await t.store.transaction(t.things.update(a), t.things.update(b), t.things.create(Thing(id: "a/x")))
    }
    try expectEqual(error.key, b.storeKey, "key")
    let condition = try await expectFailure(.constraintViolated, outcome: .refused) {
      try await t.store.transaction(if: [.missing(a.storeKey)], t.things.update(b))
    }
    try expectEqual(condition.key, a.storeKey, "key of the condition")
  }

  static func own(_ t: StoreContext) async throws {
    let missing = Condition.missing(t.things.storeKey(for: "b"))
    try await t.store.transaction(if: [missing], t.things.put(Thing(id: "a")).if(missing), t.things.put(Thing(id: "b")))
    try expectEqual(try await t.keys(), ["a", "b"])
  }
}
