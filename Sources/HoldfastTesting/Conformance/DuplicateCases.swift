internal import HoldfastCore

enum DuplicateCases {
  static let all = [
    ConformanceCase("one transaction does not write a key twice", refused),
    ConformanceCase("deletes may overlap, and both branches may put a key", accepted),
    ConformanceCase("duplicates of the branch not taken are refused too", untaken),
    ConformanceCase("duplicates are found in nested transactions", nested),
  ]

  private static func nest(_ success: [StoreRequest], else failure: [StoreRequest] = []) -> StoreRequest {
    .transaction(TransactionRequest(success: success, failure: failure))
  }

  static func refused(_ t: ConformanceContext) async throws {
    let table: [(String, [StoreRequest])] = [
      ("put and put", [t.putRequest("a"), t.putRequest("a")]),
      ("put and delete", [t.putRequest("a"), t.deleteRequest(.key(t.key("a")))]),
      ("delete and put", [t.deleteRequest(.key(t.key("a"))), t.putRequest("a")]),
      ("put under a deleted prefix", [t.putRequest("a"), t.deleteRequest(t.all)]),
      ("deleted prefix and put", [t.deleteRequest(t.all), t.putRequest("a")]),
    ]
    for (what, operations) in table {
      try await expectFailure(.duplicateKey, outcome: .refused, what) { try await t.transact([], operations) }
    }
    try expectEqual(try await t.range().count, 0, "keys after refused transactions")
  }

  static func accepted(_ t: ConformanceContext) async throws {
    try await t.put("a")
    try await t.put("b")
    let key = t.deleteRequest(.key(t.key("a")))
    let deletes = try await t.transact([], [key, key, t.deleteRequest(t.all)])
    let counts = deletes.responses.map { answer -> Int64 in
      guard case .deleteRange(let response) = answer else { return -1 }
      return response.deleted
    }
    try expectEqual(counts, [1, 0, 1], "deleted")
    _ = try await t.transact([], [t.putRequest("c")], else: [t.putRequest("c")])
    _ = try await t.transact([], [nest([t.putRequest("d")], else: [t.putRequest("d")])])
    _ = try await t.transact([], [t.deleteRequest(KeyRange(start: t.key("e"), end: t.key("f"))), t.putRequest("f")])
    try expectEqual(t.names(try await t.range().keyValues), ["c", "d", "f"])
  }

  static func untaken(_ t: ConformanceContext) async throws {
    try await expectFailure(.duplicateKey, outcome: .refused) {
      try await t.transact([], [t.putRequest("a")], else: [t.putRequest("b"), t.putRequest("b")])
    }
    try expectEqual(await t.get("a"), nil)
  }

  static func nested(_ t: ConformanceContext) async throws {
    let put = t.putRequest("a")
    let delete = t.deleteRequest(.key(t.key("a")))
    let table: [(String, [StoreRequest])] = [
      ("put outside and inside", [put, nest([put])]),
      ("put outside and in an else inside", [nest([], else: [put]), put]),
      ("puts in two nested ones", [nest([put]), nest([put])]),
      ("delete outside, put inside", [delete, nest([put])]),
      ("delete inside, put outside", [nest([delete]), put]),
      ("delete in one, put in the next", [nest([delete]), nest([put])]),
      ("two levels down", [put, nest([nest([put])])]),
      ("twice inside", [nest([put, put])]),
    ]
    for (what, operations) in table {
      try await expectFailure(.duplicateKey, outcome: .refused, what) { try await t.transact([], operations) }
    }
    _ = try await t.transact([], [nest([delete]), nest([delete]), delete])
    try expectEqual(try await t.range().count, 0, "keys")
  }
}
