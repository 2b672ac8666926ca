internal import HoldfastCore

enum LimitCases {
  static let all = [
    ConformanceCase("as many operations as the limit, not one more", operations),
    ConformanceCase("a nested transaction has what the outer one left over", nested),
    ConformanceCase("a request beyond the limit is refused", size),
    ConformanceCase("the status says version and revision", status),
  ]

  static func operations(_ t: ConformanceContext) async throws {
    let limit = t.backend.limits.transactionOperations
    let puts = { (count: Int) in (0..<count).map { t.putRequest("\($0)") } }
    let compares = { (count: Int) in (0..<count).map { Compare(key: t.key("\($0)"), .version(0)) } }
    let table: [(String, TransactionRequest)] = [
      ("success", TransactionRequest(success: puts(limit + 1))),
      ("failure", TransactionRequest(success: [], failure: puts(limit + 1))),
      ("compares", TransactionRequest(compares: compares(limit + 1), success: puts(1))),
    ]
    for (what, request) in table {
      try await expectFailure(.tooManyOperations, outcome: .refused, what) { try await t.backend.transact(request) }
    }
    try expectEqual(try await t.range().count, 0, "keys after refused transactions")
    let most = TransactionRequest(compares: compares(limit), success: puts(limit), failure: puts(limit))
    try expectEqual(try await t.backend.transact(most).responses.count, limit, "answers")
    try expectEqual(try await t.range().count, Int64(limit), "keys")
  }

  static func nested(_ t: ConformanceContext) async throws {
    let limit = t.backend.limits.transactionOperations
    let inner = { (count: Int) in
      StoreRequest.transaction(TransactionRequest(success: (0..<count).map { t.putRequest("\($0)") }))
    }
    _ = try await t.transact([], [inner(limit - 1)])
    try await expectFailure(.tooManyOperations, outcome: .refused) { try await t.transact([], [inner(limit)]) }
  }

  static func size(_ t: ConformanceContext) async throws {
    let limit = t.backend.limits.requestBytes
    let request = PutRequest(key: t.key("a"), value: Array(repeating: 0x78, count: limit + 1))
    try await expectFailure(.requestTooLarge, outcome: .refused, "put") { try await t.backend.put(request) }
    let half = (0..<2).map {
      StoreRequest.put(PutRequest(key: t.key("\($0)"), value: Array(repeating: 0, count: limit / 2)))
    }
    try await expectFailure(.requestTooLarge, outcome: .refused, "transaction") { try await t.transact([], half) }
    try expectEqual(try await t.range().count, 0, "keys after refused writes")
    let value = [UInt8](repeating: 0x78, count: limit / 2)
    _ = try await t.backend.put(PutRequest(key: t.key("a"), value: value))
    try expectEqual(await t.get("a")?.value, value, "value")
  }

  static func status(_ t: ConformanceContext) async throws {
    let revision = try await t.put("a")
    let status = try await t.backend.status()
    try expect(!status.version.isEmpty, "no version")
    try expect(status.header.revision >= revision, "revision \(status.header.revision) is below \(revision)")
    try expect(status.databaseSize >= status.databaseSizeInUse && status.databaseSizeInUse > 0, "size")
  }
}
