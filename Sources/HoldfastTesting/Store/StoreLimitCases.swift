internal import Holdfast

enum StoreLimitCases {
  static let all: [ConformanceCase] =
    .store("two writes of one key are refused by name, and nothing is sent", duplicates)
    + .store("deletes may overlap", deletes)
    + .store("as many operations as the store takes, not one more", operations)
    + .store("compares count as operations do", compares)
    + .store("a value larger than a request is refused", large)

  static func duplicates(_ t: StoreContext) async throws {
    let a = Thing(id: "x/a")
    let stored = try await t.put("x/b")
    let put = t.things.put(a)
    let key = t.things.storeKey(for: "x/a")
    let sent = t.backend.requests
    func refused(
      _ what: String, _ key: Key, _ body: () async throws -> Void
    ) async throws {
      let error = try await expectFailure(.duplicateKey, outcome: .refused, what, body)
      try expectEqual(error.key, key, what)
    }
    try await refused("put, put", key) { try await t.store.transaction(put, put) }
    try await refused("put, create", key) { try await t.store.transaction(put, t.things.create(a)) }
    try await refused("put, delete", key) { try await t.store.transaction(put, t.things.delete("x/a")) }
    try await refused("delete, put", key) { try await t.store.transaction(t.things.delete("x/a"), put) }
    try await refused("put, prefix", key) { try await t.store.transaction(put, t.things.delete(prefix: "x")) }
    try await refused("prefix, put", key) {
      try await t.store.transaction(t.things.deleteReturningPrevious(prefix: ""), put)
    }
    try await refused("update, delete", stored.storeKey) {
      try await t.store.transaction(put, t.things.update(stored), t.things.delete(stored))
    }
    var built = Transaction()
    built.add(put.ttl(.seconds(60)))
    built.add(put.ttl(.seconds(60)))
    try await refused("built", key) { try await t.store.execute(built) }
    try expectEqual(t.backend.requests, sent, "requests sent")
  }

  static func deletes(_ t: StoreContext) async throws {
    try await t.fill("x/a", "x/b")
    let counts = try await t.store.transaction(
      t.things.delete("x/a"), t.things.delete(prefix: "x"), t.things.delete("x/a"), t.things.put(Thing(id: "xa")))
    try expect(counts.0 == 1 && counts.1 == 1 && counts.2 == 0, "\(counts)")
    try expectEqual(try await t.keys(), ["xa"])
  }

  static func operations(_ t: StoreContext) async throws {
    let limit = t.backend.limits.transactionOperations
    var transaction = Transaction()
    for index in 0..<limit { transaction.add(t.things.create(Thing(id: "\(index)"))) }
    let sent = t.backend.requests
    var more = transaction
    more.add(t.things.create(Thing(id: "more")).ttl(.seconds(60)))
    let error = try await expectFailure(.tooManyOperations, outcome: .refused) { try await t.store.execute(more) }
    try expect(error.message.contains("\(limit + 1)") && error.message.contains("\(limit)"), error.message)
    let keys = (0...limit).map { "\($0)" }
    let lookup = try await expectFailure(.tooManyOperations) {
      try await t.store.transaction(t.things.get(keys), t.things.put(Thing(id: "a")))
    }
    try expectEqual(lookup.outcome, .refused, "outcome of a lookup in a transaction")
    try expectEqual(t.backend.requests, sent, "requests sent")
    try await t.store.execute(transaction)
    try expectEqual(try await t.store.execute(t.things.count()), limit)
  }

  static func compares(_ t: StoreContext) async throws {
    let limit = t.backend.limits.transactionOperations
    let conditions = (0...limit).map { Condition.missing(t.things.storeKey(for: "\($0)")) }
    let sent = t.backend.requests
    try await expectFailure(.tooManyOperations, outcome: .refused) {
      try await t.store.transaction(if: conditions, t.things.put(Thing(id: "a")))
    }
    try expectEqual(t.backend.requests, sent, "requests sent")
    try await t.store.transaction(if: Array(conditions.dropLast()), t.things.put(Thing(id: "a")))
    try expectEqual(try await t.keys(), ["a"])
  }

  static func large(_ t: StoreContext) async throws {
    let plain = Keyspace<Thing>(
      prefix: t.things.prefix, codec: JSONCodec(compressionThreshold: .max), key: { $0.id })
    let text = String(repeating: "x", count: t.backend.limits.requestBytes)
    try await expectFailure(.requestTooLarge, outcome: .refused) {
      try await t.store.execute(plain.put(Thing(id: "a", text: text)).ttl(.seconds(60)))
    }
    try expectEqual(try await t.keys(), [], "keys")
    try expectEqual(try await t.backend.leasesLeft(), [], "leases left")
    // Compressed it is small.
    try await t.put("a", text)
    try expectEqual(try await t.store.execute(plain.get("a"))?.value.text.utf8.count, text.utf8.count)
  }
}
