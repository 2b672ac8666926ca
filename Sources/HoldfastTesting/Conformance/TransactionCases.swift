internal import HoldfastCore

enum TransactionCases {
  static let all = [
    ConformanceCase("all writes of a transaction have one revision", oneRevision),
    ConformanceCase("the compares choose the branch", branches),
    ConformanceCase("reads in a transaction see its earlier writes", readsOwnWrites),
    ConformanceCase("old revisions can be read in a transaction, its own not", oldRevisions),
    ConformanceCase("a transaction that changes nothing makes no revision", noChange),
    ConformanceCase("a refused transaction changes nothing", refused),
    ConformanceCase("what is wrong in the branch not taken is not looked at in the store", untaken),
    ConformanceCase("nested transactions share the revision and choose by the state before", nested),
    ConformanceCase("an empty transaction succeeds", empty),
  ]

  static func oneRevision(_ t: ConformanceContext) async throws {
    try await t.put("gone")
    let response = try await t.transact(
      [], [t.putRequest("a", "1"), t.putRequest("b", "2"), t.deleteRequest(.key(t.key("gone")))])
    try expectEqual(response.succeeded, true, "succeeded")
    let revision = response.header.revision
    for name in ["a", "b"] {
      let keyValue = try require(await t.get(name), name)
      try expectEqual(keyValue.modRevision, revision, "mod revision of \(name)")
      try expectEqual(keyValue.createRevision, revision, "create revision of \(name)")
    }
    try expectEqual(await t.get("gone"), nil, "the deleted key")
    try expectEqual(try await t.range { $0.revision = revision.previous }.count, 1, "keys before")
  }

  static func branches(_ t: ConformanceContext) async throws {
    let absent = Compare(key: t.key("a"), .createRevision(.zero))
    for (expected, name) in [(true, "first"), (false, "second")] {
      let response = try await t.transact([absent], [t.putRequest("a", "first")], else: [.range(RangeRequest(t.all))])
      try expectEqual(response.succeeded, expected, name)
      switch (response.responses.first, expected) {
      case (.put, true): break
      case (.range(let range), false): try expectEqual(range.keyValues.map(\.text), ["first"], "what the else read")
      case (let other, _): throw ConformanceFailure("\(name): an answer of another kind: \(String(describing: other))")
      }
      try expectEqual(response.responses.count, 1, "answers")
    }
    let both = try await t.transact(
      [absent, Compare(key: t.key("a"), .version(1))], [], else: [t.deleteRequest(t.all)])
    try expectEqual(both.succeeded, false, "one of two compares")
    try expectEqual(await t.get("a"), nil, "a after the else")
  }

  static func readsOwnWrites(_ t: ConformanceContext) async throws {
    try await t.put("a", "old")
    try await t.put("b", "old")
    let read = StoreRequest.range(RangeRequest(t.all))
    let response = try await t.transact(
      [], [read, t.putRequest("a", "new"), read, t.deleteRequest(.key(t.key("b"))), t.putRequest("c", "new"), read])
    let reads = response.responses.compactMap { answer -> [String]? in
      guard case .range(let range) = answer else { return nil }
      return range.keyValues.map { "\(t.names([$0])[0])=\($0.text)" }
    }
    try expectEqual(reads, [["a=old", "b=old"], ["a=new", "b=old"], ["a=new", "c=new"]])
    guard case .deleteRange(let deleted) = response.responses[3] else {
      throw ConformanceFailure("the answer to a delete is of another kind")
    }
    try expectEqual(deleted.deleted, 1, "deleted")
  }

  static func oldRevisions(_ t: ConformanceContext) async throws {
    let old = try await t.put("a", "old")
    try await t.put("a", "newer")
    var request = RangeRequest(t.all)
    request.revision = old
    let response = try await t.transact([], [t.putRequest("a", "newest"), .range(request)])
    guard case .range(let range) = response.responses[1] else {
      throw ConformanceFailure("the answer to a range is of another kind")
    }
    try expectEqual(range.keyValues.map(\.text), ["old"])
    request.revision = Revision(response.header.revision.rawValue + 1_000_000)
    try await expectFailure(.futureRevision, outcome: .refused) {
      try await t.transact([], [t.putRequest("b"), .range(request)])
    }
    try expectEqual(await t.get("b"), nil, "a key of a refused transaction")
  }

  static func noChange(_ t: ConformanceContext) async throws {
    let before = try await t.put("a")
    _ = try await t.transact([Compare(key: t.key("a"), .version(9))], [t.putRequest("a")])
    _ = try await t.transact([], [t.deleteRequest(t.folder("none")), .range(RangeRequest(t.all))])
    try await t.put("b")
    let events = try await WatchReader(t, from: before).events(2)
    try expectEqual(t.names(events.map(\.key)), ["a", "b"])
    try expectEqual(await t.get("a")?.version, 1, "version")
  }

  static func refused(_ t: ConformanceContext) async throws {
    try await expectFailure(.leaseNotFound, outcome: .refused) {
      try await t.transact([], [t.putRequest("a"), t.putRequest("b", lease: LeaseID(.random(in: 1 ... .max)))])
    }
    var keep = PutRequest(key: t.key("c"), value: [])
    keep.ignoreValue = true
    try await expectFailure(.keyNotFound, outcome: .refused) {
      try await t.transact([], [t.putRequest("a"), .put(keep)])
    }
    try expectEqual(try await t.range().count, 0, "keys after refused transactions")
  }

  static func untaken(_ t: ConformanceContext) async throws {
    var request = RangeRequest(t.all)
    request.revision = Revision(.max)
    let lease = LeaseID(.random(in: 1 ... .max))
    let response = try await t.transact(
      [], [t.putRequest("a")], else: [.range(request), t.putRequest("b", lease: lease)])
    try expectEqual(response.succeeded, true)
    try expectEqual(await t.get("a")?.version, 1, "version")
  }

  /// etcd chooses every branch before it applies anything.
  static func nested(_ t: ConformanceContext) async throws {
    let inner = TransactionRequest(
      compares: [Compare(key: t.key("a"), .version(1))], success: [t.putRequest("sees", "after")],
      failure: [t.putRequest("sees", "before"), .transaction(TransactionRequest(success: [t.putRequest("deep")]))])
    let response = try await t.transact([], [t.putRequest("a"), .transaction(inner), t.putRequest("b")])
    guard response.responses.count == 3, case .transaction(let answer) = response.responses[1] else {
      throw ConformanceFailure("a nested transaction has no answer of its own: \(response.responses)")
    }
    try expectEqual(answer.succeeded, false, "the nested compare")
    try expectEqual(answer.responses.count, 2, "nested answers")
    try expectEqual(await t.get("sees")?.text, "before")
    let revisions = Set(try await t.range().keyValues.map(\.modRevision))
    try expectEqual(revisions, [response.header.revision], "revisions")
    try expectEqual(try await t.range().count, 4, "keys")
  }

  static func empty(_ t: ConformanceContext) async throws {
    let response = try await t.transact()
    try expectEqual(response.succeeded, true)
    try expectEqual(response.responses, [])
    try expect(response.header.revision > .zero, "no revision")
  }
}
