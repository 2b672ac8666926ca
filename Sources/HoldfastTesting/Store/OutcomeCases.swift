internal import Holdfast

enum OutcomeCases {
  static let all: [ConformanceCase] =
    .everyWay("an unknown outcome is told, and its lease lives", unknown)
    + .everyWay("a write refused by the store ends its lease", refused)
    + .everyWay("an answer that does not fit the request is told as applied", nonsense)

  static func unknown(_ t: StoreContext) async throws {
    t.backend.onTransact { request, base in
      _ = try await base.transact(request)
      throw HoldfastError(.unavailable, "the answer was lost", outcome: .unknown)
    }
    try await expectFailure(.unavailable, outcome: .unknown) {
      try await t.run(t.things.create(Thing(id: "a", text: "1")).ttl(.seconds(60)))
    }
    t.backend.onTransact(nil)
    let stored = try require(await t.store.execute(t.things.get("a")), "what was applied")
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
