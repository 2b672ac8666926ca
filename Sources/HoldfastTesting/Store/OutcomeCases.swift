internal import Holdfast

enum OutcomeCases {
  static let all: [ConformanceCase] =
    .everyWay("an unknown outcome is told", unknown)
    + .everyWay("a write with a time to live succeeds although its answer is lost", proven)
    + .everyWay("a write refused by the store ends its lease", refused)
    + .everyWay("an answer that does not fit the request is told as applied", nonsense)

  static func unknown(_ t: StoreContext) async throws {
    loseAnswers(t)
    try await expectFailure(.unavailable, outcome: .unknown) {
      try await t.run(t.things.create(Thing(id: "a", text: "1")))
    }
    t.backend.onTransact(nil)
    try expectEqual(try await t.store.execute(t.things.get("a"))?.version, 1, "the version of what was applied")
  }

  /// Transactions are applied, and those that write are not answered.
  private static func loseAnswers(_ t: StoreContext) {
    t.backend.onTransact { request, base in
      let response = try await base.transact(request)
      guard request.success.contains(where: { if case .range = $0 { false } else { true } }) else { return response }
      throw HoldfastError(.unavailable, "the answer was lost", outcome: .unknown)
    }
  }

  static func proven(_ t: StoreContext) async throws {
    loseAnswers(t)
    let operation = t.things.create(Thing(id: "a", text: "1")).ttl(.seconds(60)).returningPrevious()
    let (stored, revision) = try await t.commit(operation)
    t.backend.onTransact(nil)
    try expectEqual(try await t.store.execute(t.things.get("a")), stored, "what was applied")
    try expectEqual(stored.modRevision, revision, "its revision")
    try expectEqual(try stored.previous()?.value, nil, "what was there before")
    let lease = try require(stored.lease, "its lease")
    try expectEqual(try await t.backend.leasesLeft(), [lease], "leases left")
    _ = try await t.backend.revokeLease(lease)
  }

  static func refused(_ t: StoreContext) async throws {
    t.backend.onTransact { _, _ in throw HoldfastError(.resourceExhausted, "no space", outcome: .refused) }
    try await t.refused(t.things.put(Thing(id: "a")).ttl(.seconds(60)), .resourceExhausted)
    try expectEqual(t.backend.grantedLeases, 1, "leases granted")
    try expectEqual(try await t.backend.leasesLeft(), [], "leases left")
  }

  static func nonsense(_ t: StoreContext) async throws {
    t.backend.onTransact { request, base in
      var answer = try await base.transact(request)
      answer.responses = answer.responses.dropLast()
      return answer
    }
    let error = try await expectFailure(.protocolViolation, outcome: .applied) {
      try await t.run(t.things.put(Thing(id: "a")))
    }
    try expect(error.revision != nil, "the error has no revision")
    t.backend.onTransact { request, base in
      var answer = try await base.transact(request)
      answer.responses = answer.responses.map { _ in
        .deleteRange(DeleteRangeResponse(header: answer.header, deleted: 1))
      }
      return answer
    }
    try await expectFailure(.protocolViolation, outcome: .applied) { try await t.run(t.things.put(Thing(id: "b"))) }
  }
}
