internal import HoldfastCore

enum RangeCases {
  static let all = [
    ConformanceCase("ranges are half open, prefixes exact, keys in byte order", ranges),
    ConformanceCase("an open range reaches the last key", open),
    ConformanceCase("a range that ends before it starts is empty", inverted),
    ConformanceCase("a limit cuts, more and count tell of the rest", limits),
    ConformanceCase("count only returns no keys, keys only no values", countAndKeysOnly),
    ConformanceCase("revision bounds leave keys out and do not change the count", bounds),
    ConformanceCase("a limit applies after the revision bounds", boundsAndLimit),
  ]

  static func ranges(_ t: ConformanceContext) async throws {
    for name in ["b", "a/2", "a", "a/10", "a/1", "a0", "B"] { try await t.put(name, name) }
    let table: [(KeyRange, [String])] = [
      (t.all, ["B", "a", "a/1", "a/10", "a/2", "a0", "b"]),
      (t.folder("a/"), ["a/1", "a/10", "a/2"]),
      (t.folder("a/1"), ["a/1", "a/10"]),
      (t.folder("a"), ["a", "a/1", "a/10", "a/2", "a0"]),
      (.key(t.key("a")), ["a"]),
      (.key(t.key("c")), []),
      (KeyRange(start: t.key("a/1"), end: t.key("a/2")), ["a/1", "a/10"]),
      (KeyRange(start: t.key("a/1").successor, end: t.key("a0")), ["a/10", "a/2"]),
      (KeyRange(start: t.key("a0"), end: t.key("b").successor), ["a0", "b"]),
    ]
    for (range, expected) in table {
      let response = try await t.range(range)
      try expectEqual(t.names(response.keyValues), expected, "\(range)")
      try expectEqual(response.keyValues.map(\.text), expected, "values of \(range)")
      try expectEqual(response.count, Int64(expected.count), "count of \(range)")
      try expectEqual(response.more, false, "more of \(range)")
    }
  }

  static func open(_ t: ConformanceContext) async throws {
    for name in ["a", "b", "c"] { try await t.put(name) }
    let response = try await t.range(.from(t.key("b")))
    let own = response.keyValues.map(\.key).filter { $0.hasPrefix(Key(t.prefix)) }
    try expectEqual(t.names(own), ["b", "c"], "from b on")
    let everything = try await t.range(.all) { $0.keysOnly = true }
    let all = everything.keyValues.map(\.key)
    try expectEqual(t.names(all.filter { $0.hasPrefix(Key(t.prefix)) }), ["a", "b", "c"], "everything")
    try expectEqual(all, all.sorted(), "order")
  }

  static func inverted(_ t: ConformanceContext) async throws {
    for name in ["a", "b", "c"] { try await t.put(name) }
    for (start, end) in [("c", "a"), ("b", "b")] {
      let range = KeyRange(start: t.key(start), end: t.key(end))
      let response = try await t.range(range)
      try expectEqual(response.keyValues, [], "\(range)")
      try expectEqual(response.count, 0, "count of \(range)")
      let deleted = try await t.backend.deleteRange(DeleteRangeRequest(range)).deleted
      try expectEqual(deleted, 0, "deleted from \(range)")
    }
  }

  static func limits(_ t: ConformanceContext) async throws {
    for name in ["a", "b", "c"] { try await t.put(name) }
    let table: [(Int64, [String], Bool)] = [
      (0, ["a", "b", "c"], false), (1, ["a"], true), (2, ["a", "b"], true), (3, ["a", "b", "c"], false),
      (4, ["a", "b", "c"], false), (.max, ["a", "b", "c"], false),
    ]
    for (limit, expected, more) in table {
      let response = try await t.range { $0.limit = limit }
      try expectEqual(t.names(response.keyValues), expected, "limit \(limit)")
      try expectEqual(response.more, more, "more with limit \(limit)")
      try expectEqual(response.count, 3, "count with limit \(limit)")
    }
  }

  static func countAndKeysOnly(_ t: ConformanceContext) async throws {
    for name in ["a", "b", "c"] { try await t.put(name, "value") }
    let count = try await t.range {
      $0.countOnly = true
      $0.limit = 1
    }
    try expectEqual(count.count, 3, "count")
    try expectEqual(count.keyValues, [], "keys of a count")
    try expectEqual(count.more, false, "more of a count")
    let keys = try await t.range { $0.keysOnly = true }
    try expectEqual(t.names(keys.keyValues), ["a", "b", "c"])
    for keyValue in keys.keyValues {
      try expectEqual(keyValue.value, [], "value")
      try expectEqual(keyValue.version, 1, "version")
      try expect(keyValue.modRevision > .zero, "a key has no mod revision")
    }
  }

  static func bounds(_ t: ConformanceContext) async throws {
    let a = try await t.put("a")
    let b = try await t.put("b")
    let c = try await t.put("a")
    let table: [(String, [String], (inout RangeRequest) -> Void)] = [
      ("min mod", ["a"], { $0.minModRevision = c }),
      ("min mod beyond", [], { $0.minModRevision = c.next }),
      ("max mod", ["b"], { $0.maxModRevision = b }),
      ("min and max mod", ["b"], { ($0.minModRevision, $0.maxModRevision) = (b, b) }),
      ("min create", ["b"], { $0.minCreateRevision = b }),
      ("max create", ["a"], { $0.maxCreateRevision = a }),
      ("create and mod", ["a"], { ($0.maxCreateRevision, $0.minModRevision) = (a, c) }),
    ]
    for (what, expected, configure) in table {
      let response = try await t.range(t.all, configure)
      try expectEqual(t.names(response.keyValues), expected, what)
      try expectEqual(response.count, 2, "count with \(what)")
    }
  }

  static func boundsAndLimit(_ t: ConformanceContext) async throws {
    try await t.put("a")
    let b = try await t.put("b")
    try await t.put("c")
    for (limit, expected, more) in [(Int64(1), ["b"], true), (2, ["b", "c"], false)] {
      let response = try await t.range {
        $0.minModRevision = b
        $0.limit = limit
      }
      try expectEqual(t.names(response.keyValues), expected, "limit \(limit)")
      try expectEqual(response.more, more, "more with limit \(limit)")
      try expectEqual(response.count, 3, "count with limit \(limit)")
    }
  }
}
