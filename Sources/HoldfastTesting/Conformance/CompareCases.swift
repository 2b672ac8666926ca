internal import HoldfastCore

enum CompareCases {
  static let all = [
    ConformanceCase("compares of versions and revisions, in every relation", numbers),
    ConformanceCase("compares of values are by bytes", values),
    ConformanceCase("compares of leases", leases),
    ConformanceCase("an absent key compares as zero, and never by value", absent),
    ConformanceCase("a compare of a range holds for every key", ranges),
    ConformanceCase("a compare of an empty range compares one absent key", emptyRange),
  ]

  private static func holds(_ t: ConformanceContext, _ compare: Compare) async throws -> Bool {
    try await t.transact([compare]).succeeded
  }

  /// Compares with something smaller, the same and something greater than what there is.
  private static func check(
    _ t: ConformanceContext, _ key: Key, _ what: String, _ smaller: Compare.Target?, _ same: Compare.Target,
    _ greater: Compare.Target?
  ) async throws {
    let table: [(Compare.Target?, [Compare.Relation])] = [
      (smaller, [.greater, .notEqual]), (same, [.equal]), (greater, [.less, .notEqual]),
    ]
    for (target, expected) in table {
      guard let target else { continue }
      for relation in [Compare.Relation.equal, .notEqual, .greater, .less] {
        let result = try await holds(t, Compare(key: key, target, relation))
        try expectEqual(result, expected.contains(relation), "\(what): \(relation) \(target)")
      }
    }
  }

  static func numbers(_ t: ConformanceContext) async throws {
    let created = try await t.put("a")
    let changed = try await t.put("a")
    let key = t.key("a")
    try await check(t, key, "version 2", .version(1), .version(2), .version(3))
    try await check(
      t, key, "create revision", .createRevision(created.previous), .createRevision(created),
      .createRevision(created.next))
    try await check(
      t, key, "mod revision", .modRevision(changed.previous), .modRevision(changed), .modRevision(changed.next))
  }

  static func values(_ t: ConformanceContext) async throws {
    _ = try await t.backend.put(PutRequest(key: t.key("a"), value: [0x61, 0x80]))
    let key = t.key("a")
    try await check(t, key, "value", .value([0x61, 0x7F]), .value([0x61, 0x80]), .value([0x61, 0x80, 0]))
    try await check(t, key, "shorter value", .value([0x61]), .value([0x61, 0x80]), .value([0x62]))
    try await check(t, key, "empty value", .value([]), .value([0x61, 0x80]), .value([0xFF]))
    try await t.put("empty")
    try await check(t, t.key("empty"), "an empty value", nil, .value([]), .value([0]))
  }

  static func leases(_ t: ConformanceContext) async throws {
    let lease = try await t.lease()
    try await t.put("a", lease: lease.id)
    let (less, more) = (LeaseID(lease.id.rawValue - 1), LeaseID(lease.id.rawValue &+ 1))
    try await check(t, t.key("a"), "lease", .lease(less), .lease(lease.id), more.rawValue > 0 ? .lease(more) : nil)
    try await t.put("a")
    try await check(t, t.key("a"), "no lease", nil, .lease(nil), .lease(lease.id))
    _ = try await t.backend.revokeLease(lease.id)
  }

  static func absent(_ t: ConformanceContext) async throws {
    let key = t.key("a")
    try await check(t, key, "version", nil, .version(0), .version(1))
    try await check(t, key, "create revision", nil, .createRevision(.zero), .createRevision(1))
    try await check(t, key, "mod revision", nil, .modRevision(.zero), .modRevision(1))
    try await check(t, key, "lease", nil, .lease(nil), .lease(LeaseID(1)))
    for relation in [Compare.Relation.equal, .notEqual, .greater, .less] {
      for value in [[], [1]] as [[UInt8]] {
        let result = try await holds(t, Compare(key: key, .value(value), relation))
        try expectEqual(result, false, "value \(relation) \(value)")
      }
    }
  }

  static func ranges(_ t: ConformanceContext) async throws {
    let first = try await t.put("r/a", "m")
    try await t.put("r/b", "n")
    let last = try await t.put("r/b", "n")
    let table: [(Compare.Target, Compare.Relation, Bool)] = [
      (.value([0x6C]), .greater, true), (.value([0x6D]), .greater, false), (.value([0x6F]), .less, true),
      (.value([0x6D]), .equal, false), (.value([0x6F]), .notEqual, true), (.version(0), .greater, true),
      (.version(1), .equal, false), (.version(3), .less, true), (.modRevision(first), .greater, false),
      (.modRevision(last.next), .less, true), (.createRevision(.zero), .notEqual, true), (.lease(nil), .equal, true),
    ]
    for (target, relation, expected) in table {
      let result = try await holds(t, Compare(t.folder("r/"), target, relation))
      try expectEqual(result, expected, "\(relation) \(target)")
    }
    let some = KeyRange(start: t.key("r/a"), end: t.key("r/b"))
    try expectEqual(try await holds(t, Compare(some, .value([0x6D]))), true, "a part of the keys")
  }

  static func emptyRange(_ t: ConformanceContext) async throws {
    try await t.put("b")
    for range in [t.folder("none/"), KeyRange(start: t.key("c"), end: t.key("a"))] {
      let table: [(Compare.Target, Compare.Relation, Bool)] = [
        (.version(0), .equal, true), (.version(0), .greater, false), (.modRevision(.zero), .equal, true),
        (.createRevision(1), .less, true), (.lease(nil), .equal, true), (.value([]), .equal, false),
        (.value([1]), .notEqual, false),
      ]
      for (target, relation, expected) in table {
        let result = try await holds(t, Compare(range, target, relation))
        try expectEqual(result, expected, "\(relation) \(target) on \(range)")
      }
    }
  }
}
