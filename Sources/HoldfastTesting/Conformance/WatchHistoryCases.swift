internal import HoldfastCore

enum WatchHistoryCases {
  static let all = [
    ConformanceCase("a watch from an old revision sees everything since, then what comes", fromOld),
    ConformanceCase("a watch can begin at every revision", everyStart),
    ConformanceCase("several revisions of one key all arrive", manyOfOneKey),
    ConformanceCase("a catch-up comes in whole revisions, at most 1,000 in a batch", catchUp),
    ConformanceCase("a watch from a revision yet to come begins there", future),
    ConformanceCase("a watch from a compacted revision says so, and where the store begins", compacted),
    ConformanceCase("a watch from the compact revision itself works", fromCompacted),
  ]

  static func fromOld(_ t: ConformanceContext) async throws {
    let start = try await t.put("a", "1")
    try await t.put("b", "2")
    try await t.delete("a")
    let reader = WatchReader(t, from: start)
    try expect(try await reader.started().revision > start, "the header is not the store's revision")
    try expectEqual(try await reader.events(3).map { $0.text(t) }, ["put a=1", "put b=2", "delete a"])
    try await t.put("c", "3")
    try expectEqual(try await reader.events(1).map { $0.text(t) }, ["put c=3"])
  }

  static func everyStart(_ t: ConformanceContext) async throws {
    var revisions: [Revision] = []
    for value in 0..<5 { revisions.append(try await t.put("a", "\(value)")) }
    for (index, start) in revisions.enumerated() {
      let events = try await WatchReader(t, from: start).events(5 - index)
      try expectEqual(events.map(\.modRevision), Array(revisions[index...]), "from \(start)")
    }
  }

  static func manyOfOneKey(_ t: ConformanceContext) async throws {
    let start = try await t.put("a", "0")
    for value in 1..<20 { try await t.put("a", "\(value)") }
    let events = try await WatchReader(t, range: .key(t.key("a")), from: start).events(20)
    try expectEqual(events.map(\.keyValue.text), (0..<20).map { "\($0)" }, "values")
    try expectEqual(events.map(\.keyValue.version), (1...20).map { Int64($0) }, "versions")
  }

  static func catchUp(_ t: ConformanceContext) async throws {
    let start = try await t.put("x").next
    for value in 0..<1_100 { _ = try await t.transact([], [t.putRequest("a", "\(value)"), t.putRequest("b")]) }
    let reader = WatchReader(t, from: start)
    var events: [WatchEvent] = []
    while events.count < 2_200 {
      let batch = try await reader.batch()
      try expect(Set(batch.events.map(\.modRevision)).count <= 1_000, "more than 1,000 revisions in a batch")
      try expect(batch.events.count.isMultiple(of: 2), "a revision in parts")
      events += batch.events
    }
    let values = events.filter { $0.key == t.key("a") }.map(\.keyValue.text)
    try expectEqual(values, (0..<1_100).map { "\($0)" }, "values in order")
  }

  static func future(_ t: ConformanceContext) async throws {
    let start = Revision(try await t.put("a").rawValue + 3)
    let reader = WatchReader(t, from: start)
    try await reader.started()
    var expected: [Revision] = []
    for _ in 0..<5 {
      let revision = try await t.put("a")
      if revision >= start { expected.append(revision) }
    }
    try expectEqual(try await reader.events(expected.count).map(\.modRevision), expected)
  }

  static func compacted(_ t: ConformanceContext) async throws {
    let start = try await t.put("a", "1")
    let at = try await t.put("a", "2")
    try await t.put("a", "3")
    _ = try await t.backend.compact(CompactRequest(at))
    let error = try await WatchReader(t, from: start).failure()
    try expectEqual(error.code, .compacted)
    let compactRevision = try require(error.compactRevision, "the compact revision")
    try expect(compactRevision >= at, "the compact revision \(compactRevision) is below \(at)")
  }

  static func fromCompacted(_ t: ConformanceContext) async throws {
    try await t.put("a", "1")
    let at = try await t.put("a", "2")
    try await t.put("a", "3")
    _ = try await t.backend.compact(CompactRequest(at))
    let events = try await WatchReader(t, from: at) { $0.previous = true }.events(2)
    try expectEqual(events.map { $0.text(t) }, ["put a=2", "put a=3"])
    try expectEqual(events.map { $0.previous?.text }, [nil, "2"], "previous values: that of the first is gone")
  }
}
