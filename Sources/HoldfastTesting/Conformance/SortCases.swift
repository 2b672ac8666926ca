internal import HoldfastCore

enum SortCases {
  static let all = [
    ConformanceCase("every sort target ascends and descends", targets),
    ConformanceCase("a sort target without an order ascends", unordered),
    ConformanceCase("a limit cuts after sorting", limit),
    ConformanceCase("without an order a limit takes the first keys before sorting them", unorderedLimit),
    ConformanceCase("keys only sorts by the values that it leaves out", keysOnly),
  ]

  /// By key abcd, by value dcba, by version (c, a, d, b), by create revision (b, d, a, c), by mod revision (d, b, c, a).
  private static func fill(_ t: ConformanceContext) async throws {
    for (name, count) in [("b", 3), ("d", 2), ("a", 1), ("c", 0)] {
      for _ in 0..<count { try await t.put(name, "x") }
    }
    try await t.put("d", "1")
    try await t.put("b", "3")
    try await t.put("c", "2")
    try await t.put("a", "4")
  }

  private static let orders: [(RangeRequest.SortTarget, [String])] = [
    (.key, ["a", "b", "c", "d"]), (.value, ["d", "c", "b", "a"]), (.version, ["c", "a", "d", "b"]),
    (.createRevision, ["b", "d", "a", "c"]), (.modRevision, ["d", "b", "c", "a"]),
  ]

  private static func sorted(
    _ t: ConformanceContext, _ target: RangeRequest.SortTarget, _ order: RangeRequest.SortOrder, limit: Int64 = 0
  ) async throws -> [String] {
    let response = try await t.range {
      ($0.sortTarget, $0.sortOrder, $0.limit) = (target, order, limit)
    }
    try expectEqual(response.count, 4, "count")
    try expectEqual(response.more, limit > 0 && limit < 4, "more")
    return t.names(response.keyValues)
  }

  static func targets(_ t: ConformanceContext) async throws {
    try await fill(t)
    for (target, names) in orders {
      try expectEqual(try await sorted(t, target, .ascending), names, "ascending by \(target)")
      try expectEqual(try await sorted(t, target, .descending), names.reversed(), "descending by \(target)")
    }
  }

  static func unordered(_ t: ConformanceContext) async throws {
    try await fill(t)
    for (target, names) in orders { try expectEqual(try await sorted(t, target, .none), names, "by \(target)") }
  }

  static func limit(_ t: ConformanceContext) async throws {
    try await fill(t)
    for (target, names) in orders {
      try expectEqual(
        try await sorted(t, target, .ascending, limit: 2), Array(names.prefix(2)), "ascending by \(target)")
      let last = Array(names.reversed().prefix(2))
      try expectEqual(try await sorted(t, target, .descending, limit: 2), last, "descending by \(target)")
    }
  }

  /// etcd fetches one key more than the limit, in key order, then sorts those.
  static func unorderedLimit(_ t: ConformanceContext) async throws {
    try await fill(t)
    try expectEqual(try await sorted(t, .key, .none, limit: 2), ["a", "b"], "by key")
    try expectEqual(try await sorted(t, .value, .none, limit: 2), ["c", "b"], "by value")
  }

  static func keysOnly(_ t: ConformanceContext) async throws {
    try await fill(t)
    let response = try await t.range {
      ($0.sortTarget, $0.sortOrder, $0.keysOnly) = (.value, .ascending, true)
    }
    try expectEqual(t.names(response.keyValues), ["d", "c", "b", "a"])
  }
}
