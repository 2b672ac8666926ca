internal import HoldfastCore

/// Others may compact too, and further: then a case's own compaction fails with `compacted` and the case begins again.
enum CompactionCases {
  static let all = [
    ConformanceCase("the compact revision can be read, what is below it not", reads),
    ConformanceCase("compaction keeps the newest version of every key", keeps),
    ConformanceCase("compacting twice, or below, is refused as compacted", twice),
    ConformanceCase("compacting beyond the store's revision is refused", future),
    ConformanceCase("a read of a compacted revision in a transaction refuses all of it", transaction),
  ]

  static func reads(_ t: ConformanceContext) async throws {
    let old = try await t.put("a", "1")
    let at = try await t.put("a", "2")
    try await t.put("a", "3")
    _ = try await t.backend.compact(CompactRequest(at))
    try expectEqual(await t.get("a", at: at)?.text, "2", "at the compact revision")
    try await expectFailure(.compacted) { try await t.get("a", at: old) }
    try expectEqual(await t.get("a")?.text, "3", "now")
  }

  static func keeps(_ t: ConformanceContext) async throws {
    let kept = try await t.put("kept", "old")
    try await t.put("gone")
    try await t.delete("gone")
    try await t.put("changed", "1")
    let at = try await t.put("changed", "2")
    let header = try await t.backend.compact(CompactRequest(at, physical: true))
    try expect(header.revision >= at, "the header's revision \(header.revision) is below \(at)")
    let response = try await t.range { $0.revision = at }
    try expectEqual(t.names(response.keyValues), ["changed", "kept"])
    let keyValue = try require(await t.get("kept"), "the old key")
    try expectEqual(keyValue.modRevision, kept, "mod revision")
    try await t.put("kept", "new")
    try expectEqual(await t.get("kept")?.version, 2, "version after compaction")
    try await t.put("gone")
    try expectEqual(await t.get("gone")?.version, 1, "version of a key that was gone")
  }

  static func twice(_ t: ConformanceContext) async throws {
    let below = try await t.put("a")
    let at = try await t.put("a")
    try await t.put("a")
    _ = try await t.backend.compact(CompactRequest(at))
    for revision in [at, below] {
      try await expectFailure(.compacted) { try await t.backend.compact(CompactRequest(revision)) }
    }
  }

  static func future(_ t: ConformanceContext) async throws {
    let revision = try await t.put("a")
    try await expectFailure(.futureRevision) {
      try await t.backend.compact(CompactRequest(Revision(revision.rawValue + 1_000_000)))
    }
  }

  static func transaction(_ t: ConformanceContext) async throws {
    let old = try await t.put("a", "1")
    let at = try await t.put("a", "2")
    _ = try await t.backend.compact(CompactRequest(at))
    var request = RangeRequest(t.all)
    request.revision = old
    try await expectFailure(.compacted, outcome: .refused) {
      try await t.transact([], [t.putRequest("b"), .range(request)])
    }
    try expectEqual(await t.get("b"), nil, "a key of a refused transaction")
  }
}
