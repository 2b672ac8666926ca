internal import HoldfastCore

enum RevisionCases {
  static let all = [
    ConformanceCase("old revisions can be read as they were", history),
    ConformanceCase("an answer about an old revision carries the current one", header),
    ConformanceCase("a revision beyond the store's is refused", future),
    ConformanceCase("revision 0 means the newest", zero),
    ConformanceCase("options apply at old revisions", options),
  ]

  static func history(_ t: ConformanceContext) async throws {
    let created = try await t.put("a", "1")
    let updated = try await t.put("a", "2")
    let other = try await t.put("b", "3")
    let deleted = try await t.delete("a")
    let again = try await t.put("a", "4")
    let table: [(Revision, [String])] = [
      (created.previous, []), (created, ["a=1@1"]), (updated, ["a=2@2"]), (other, ["a=2@2", "b=3@1"]),
      (deleted, ["b=3@1"]), (again, ["a=4@1", "b=3@1"]),
    ]
    for (revision, expected) in table {
      let response = try await t.range { $0.revision = revision }
      let texts = response.keyValues.map { "\(t.names([$0])[0])=\($0.text)@\($0.version)" }
      try expectEqual(texts, expected, "at revision \(revision)")
      try expectEqual(response.count, Int64(expected.count), "count at revision \(revision)")
    }
  }

  static func header(_ t: ConformanceContext) async throws {
    let first = try await t.put("a")
    let last = try await t.put("a")
    let response = try await t.range { $0.revision = first }
    try expect(response.header.revision >= last, "revision \(response.header.revision) is below \(last)")
    let serializable = try await t.range { $0.serializable = true }
    try expect(serializable.header.revision > .zero, "a serializable read has no revision")
  }

  static func future(_ t: ConformanceContext) async throws {
    let revision = try await t.put("a")
    let beyond = Revision(revision.rawValue + 1_000_000)
    try await expectFailure(.futureRevision) { try await t.range { $0.revision = beyond } }
  }

  static func zero(_ t: ConformanceContext) async throws {
    try await t.put("a", "1")
    try expectEqual(await t.get("a", at: .zero)?.text, "1")
  }

  static func options(_ t: ConformanceContext) async throws {
    for name in ["a", "b", "c"] { try await t.put(name, "old") }
    let revision = try await t.put("d", "old")
    for name in ["a", "c"] { try await t.delete(name) }
    let response = try await t.range {
      ($0.revision, $0.limit, $0.sortOrder, $0.keysOnly) = (revision, 3, .descending, true)
    }
    try expectEqual(t.names(response.keyValues), ["d", "c", "b"])
    try expectEqual(response.count, 4, "count")
    try expectEqual(response.more, true, "more")
    let count = try await t.range { ($0.revision, $0.countOnly) = (revision, true) }
    try expectEqual(count.count, 4, "count only")
  }
}
