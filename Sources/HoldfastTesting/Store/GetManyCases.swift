internal import Holdfast

enum GetManyCases {
  static let all: [ConformanceCase] =
    .everyWay("get of several keys tells what is found, missing and undecodable", several)
    + .everyWay("get of no keys finds nothing", none)
    + .store("more keys than one transaction takes are read at one revision, while somebody writes", split)
    + .store("a split get begins again when a compaction overtakes it", compactedBetween)
    + .store("a split get at a compacted revision is refused", compacted)
    + .store("a condition of a split get is checked", condition)

  static func several(_ t: StoreContext) async throws {
    try await t.fill("a", "c")
    try await t.putRaw("bad", "nonsense, no JSON")
    let answer = try await t.run(t.things.get(["c", "missing", "bad", "a"]))
    try expectEqual(answer.found.map(\.summary), ["c=c", "a=a"], "found")
    try expectEqual(answer.missing, ["missing"], "missing")
    try expectEqual(answer.quarantined.map(\.key), ["bad"], "quarantined")
    try expectEqual(answer.quarantined.map(\.storeKey), [t.things.storeKey(for: "bad")], "quarantined in the store")
    try expectEqual(answer.quarantined.first?.error.code, .decodingFailed)
    try expectEqual(answer.quarantined.first?.modRevision, try await t.raw("bad")?.modRevision, "quarantined at")
    try expectEqual(answer["a"]?.value, Thing(id: "a", text: "a"))
    try expectEqual(answer["bad"]?.value, nil)
  }

  static func none(_ t: StoreContext) async throws {
    let answer = try await t.run(t.things.get([String]()))
    try expect(answer.found.isEmpty && answer.missing.isEmpty && answer.quarantined.isEmpty, "not nothing")
    try expect(answer.revision > .zero, "no revision")
  }

  private static func ids(_ t: StoreContext) -> [String] {
    (0..<(2 * t.backend.limits.transactionOperations + 2)).map { "\($0)" }
  }

  /// Makes every transaction be followed by a write of the last key, and of one that was missing.
  private static func writeBetween(_ t: StoreContext, _ last: String, compacting: Bool) {
    t.backend.onTransact { [things = t.things] request, base in
      let answer = try await base.transact(request)
      let value = try things.encode(Thing(id: last, text: "too new"))
      let put = try await base.put(PutRequest(key: things.storeKey(for: last), value: value))
      if compacting { _ = try await base.compact(CompactRequest(put.header.revision)) }
      return answer
    }
  }

  static func split(_ t: StoreContext) async throws {
    let ids = ids(t)
    for id in ids.dropLast() where id != "5" { try await t.put(id, "old") }
    let revision = try await t.put(ids[ids.count - 1], "old").modRevision
    writeBetween(t, ids[ids.count - 1], compacting: false)
    let sent = t.backend.requests
    let committed = try await t.store.commit(t.things.get(ids))
    try expectEqual(t.backend.requests - sent, 3, "requests")
    let answer = committed.result
    try expectEqual(answer.found.map(\.value.id), ids.filter { $0 != "5" }, "found")
    try expectEqual(Set(answer.found.map(\.value.text)), ["old"], "texts, all of one revision")
    try expectEqual(answer.missing, ["5"], "missing")
    try expect(answer.revision >= revision, "revision \(answer.revision) below \(revision)")
    try expectEqual(committed.revision, answer.revision, "the committed revision")
    let now = try await t.store.execute(t.things.get(ids[ids.count - 1]))
    try expectEqual(now?.value.text, "too new", "what was written between")
  }

  static func compactedBetween(_ t: StoreContext) async throws {
    let ids = ids(t)
    for id in ids { try await t.put(id, "old") }
    let compacted = Once()
    t.backend.onTransact { [things = t.things] request, base in
      let answer = try await base.transact(request)
      if compacted.isFirst() {
        let value = try things.encode(Thing(id: "0", text: "new"))
        for _ in 0..<2 {
          let put = try await base.put(PutRequest(key: things.storeKey(for: "0"), value: value))
          _ = try await base.compact(CompactRequest(put.header.revision))
        }
      }
      return answer
    }
    let answer = try await t.store.execute(t.things.get(ids))
    try expectEqual(answer.found.count, ids.count, "found")
    try expectEqual(answer["0"]?.value.text, "new", "what was written before it began again")
  }

  static func compacted(_ t: StoreContext) async throws {
    let old = try await t.put("0", "1").modRevision
    let now = try await t.put("0", "2").modRevision
    _ = try await t.backend.compact(CompactRequest(now))
    let sent = t.backend.requests
    try await expectFailure(.compacted) { try await t.store.execute(t.things.get(ids(t)).at(old)) }
    try expectEqual(t.backend.requests - sent, 1, "requests")
  }

  static func condition(_ t: StoreContext) async throws {
    let missing = Condition.missing(t.things.storeKey(for: "a"))
    try expectEqual(try await t.store.execute(t.things.get(ids(t)).if(missing)).found.count, 0)
    try await t.fill("a")
    try await expectFailure(.constraintViolated) { try await t.store.execute(t.things.get(ids(t)).if(missing)) }
  }
}
