internal import Holdfast

enum StoreTransactionCases {
  static let all: [ConformanceCase] =
    .store("a transaction returns typed results, all at one revision", typed)
    + .store("a transaction of one operation returns its result", single)
    + .store("reads of a transaction see the writes before them", order)
    + .store("a refused operation refuses the whole transaction", atomic)
    + .store("a built transaction returns results by handle", handles)
    + .store("a handle of another transaction is refused", foreign)
    + .store("an undecodable read of a built transaction leaves the other results", undecodable)
    + .store("a transaction without operations is refused before it is sent", empty)
    + .store("a raw transaction is sent as it is", raw)

  static func typed(_ t: StoreContext) async throws {
    try await t.fill("gone/1", "gone/2", "read")
    let committed = try await t.store.commit(
      t.things.create(Thing(id: "a", text: "1")), t.things.delete(prefix: "gone"), t.things.get("read"),
      t.things.exists("gone/1"), t.others.put(Thing(id: "b")))
    let (created, deleted, read, exists, other) = committed.result
    try expectEqual(created.modRevision, committed.revision, "revision of the create")
    try expectEqual(other.modRevision, committed.revision, "revision of the put")
    try expectEqual(deleted, 2, "deleted")
    try expectEqual(read?.value.id, "read", "read")
    try expectEqual(exists, false, "exists after the delete")
    try expectEqual(try await t.store.execute(t.things.get("a")), created)
    try expectEqual(try await t.store.execute(t.others.get("b")), other)
  }

  static func single(_ t: StoreContext) async throws {
    let stored: Stored<Thing> = try await t.store.transaction(t.things.put(Thing(id: "a")))
    try expectEqual(try await t.store.execute(t.things.get("a")), stored)
  }

  static func order(_ t: StoreContext) async throws {
    let (before, _, after) = try await t.store.transaction(
      t.things.count(), t.things.put(Thing(id: "a")), t.things.list())
    try expectEqual(before, 0, "before")
    try expectEqual(after.map(\.value.id), ["a"], "after")
  }

  static func atomic(_ t: StoreContext) async throws {
    let a = try await t.put("a")
    try await t.put("taken")
    let before = try await t.context.range().keyValues
    let error = try await expectFailure(.alreadyExists, outcome: .refused) {
      try await t.store.transaction(
        t.things.update(a) { $0.text = "2" }, t.things.create(Thing(id: "taken")), t.others.put(Thing(id: "b")),
        t.things.delete(prefix: "x"))
    }
    try expectEqual(error.key, t.things.storeKey(for: "taken"), "key")
    try expectEqual(try await t.context.range().keyValues, before)
  }

  static func handles(_ t: StoreContext) async throws {
    var transaction = Transaction()
    let puts = (0..<10).map { transaction.add(t.things.put(Thing(id: "\($0)", text: "x"))) }
    let count = transaction.add(t.things.count())
    let deleted = transaction.add(t.others.delete("none"))
    try expectEqual(transaction.count, 12, "count")
    let results = try await t.store.execute(transaction)
    try expectEqual(try results[count], 10)
    try expectEqual(try results[deleted], 0)
    for (index, handle) in puts.enumerated() {
      try expectEqual(try results[handle].value.id, "\(index)")
      try expectEqual(try results[handle].modRevision, results.revision, "revision of \(index)")
    }
  }

  static func foreign(_ t: StoreContext) async throws {
    var first = Transaction()
    var second = Transaction()
    let handle = first.add(t.things.count())
    second.add(t.things.count())
    let results = try await t.store.execute(second)
    try await expectFailure(.invalidArgument) { try results[handle] }
  }

  static func undecodable(_ t: StoreContext) async throws {
    try await t.putRaw("bad", "{")
    var transaction = Transaction()
    let bad = transaction.add(t.things.get("bad"))
    let put = transaction.add(t.things.put(Thing(id: "a")))
    let results = try await t.store.execute(transaction)
    try expectEqual(try results[put].value.id, "a")
    let error = try await expectFailure(.decodingFailed, outcome: .applied) { try results[bad] }
    try expectEqual(error.revision, results.revision, "the error's revision")
    try expectEqual(error.key, t.things.storeKey(for: "bad"), "the error's key")
  }

  static func empty(_ t: StoreContext) async throws {
    let sent = t.backend.requests
    try await expectFailure(.invalidArgument, outcome: .refused) { try await t.store.execute(Transaction()) }
    try expectEqual(t.backend.requests, sent, "requests sent")
  }

  static func raw(_ t: StoreContext) async throws {
    let value = try t.things.encode(Thing(id: "a", text: "raw"))
    let put = PutRequest(key: t.things.storeKey(for: "a"), value: value)
    let response = try await t.store.transact(TransactionRequest(success: [.put(put)]))
    try expectEqual(response.succeeded, true)
    try expectEqual(try await t.store.execute(t.things.get("a"))?.modRevision, response.header.revision)
  }
}
