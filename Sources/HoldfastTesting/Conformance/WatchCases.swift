internal import HoldfastCore

enum WatchCases {
  static let all = [
    ConformanceCase("a watch from now sees what comes after it stands", fromNow),
    ConformanceCase("put events carry the key-value, delete events key and mod revision", events),
    ConformanceCase("a watch of one key sees no other", singleKey),
    ConformanceCase("a watch of a prefix, a range and an open range", ranges),
    ConformanceCase("previous values come with events when asked for", previous),
    ConformanceCase("puts or deletes can be left out", filters),
    ConformanceCase("a transaction arrives whole, in one batch", transaction),
    ConformanceCase("several watches see the same", several),
    ConformanceCase("a watch of a range that can hold no key is refused", emptyRange),
  ]

  static func fromNow(_ t: ConformanceContext) async throws {
    let before = try await t.put("a", "old")
    let reader = WatchReader(t)
    let header = try await reader.started()
    try expect(header.revision >= before, "the header's revision \(header.revision) is below \(before)")
    let revision = try await t.put("a", "new")
    let events = try await reader.events(1)
    try expectEqual(events.map { $0.text(t) }, ["put a=new"])
    try expectEqual(events[0].modRevision, revision, "mod revision")
    try await t.delete("a")
    try expectEqual(try await reader.events(1).map { $0.text(t) }, ["delete a"])
  }

  static func events(_ t: ConformanceContext) async throws {
    let lease = try await t.lease()
    let reader = WatchReader(t)
    try await reader.started()
    try await t.put("a", "1")
    try await t.put("a", "2", lease: lease.id)
    let held = try require(await t.get("a"), "the key")
    let deleted = try await t.delete("a")
    let events = try await reader.events(3)
    try expectEqual(events[1], WatchEvent(.put, held), "the put")
    try expectEqual(events[2].kind, .delete, "kind")
    try expectEqual(events[2].key, t.key("a"), "key")
    try expectEqual(events[2].modRevision, deleted, "mod revision of the delete")
    try expectEqual(events[2].keyValue.value, [], "value of the delete")
    try expectEqual(events[2].previous, nil, "previous without asking")
    _ = try await t.backend.revokeLease(lease.id)
  }

  static func singleKey(_ t: ConformanceContext) async throws {
    let reader = WatchReader(t, range: .key(t.key("a")))
    try await reader.started()
    for name in ["a/1", "a", "b", "aa", "a"] { try await t.put(name) }
    try expectEqual(t.names(try await reader.events(2).map(\.key)), ["a", "a"])
  }

  static func ranges(_ t: ConformanceContext) async throws {
    let table: [(KeyRange, [String])] = [
      (t.folder("b/"), ["b/1", "b/2"]), (KeyRange(start: t.key("b"), end: t.key("b/2")), ["b", "b/1"]),
      (t.all, ["b/1", "a", "b", "b/2", "c"]),
    ]
    let start = try await t.put("b/1").next
    try await t.delete("b/1")
    for name in ["b/1", "a", "b", "b/2", "c"] { try await t.put(name) }
    for (range, expected) in table {
      let reader = WatchReader(t, range: range, from: start) { $0.withoutDeletes = true }
      let names = t.names(try await reader.events(expected.count).map(\.key))
      try expectEqual(names.sorted(), expected.sorted(), "\(range)")
    }
    let open = WatchReader(t, range: .from(t.key("c")), from: start)
    var own: [Key] = []
    while own.isEmpty { own = try await open.batch().events.map(\.key).filter { $0.hasPrefix(Key(t.prefix)) } }
    try expectEqual(t.names(own), ["c"], "the open range")
  }

  static func previous(_ t: ConformanceContext) async throws {
    let reader = WatchReader(t) { $0.previous = true }
    try await reader.started()
    let first = try await t.put("a", "1")
    try await t.put("a", "2")
    try await t.delete("a")
    try await t.put("a", "3")
    let events = try await reader.events(4)
    try expectEqual(events.map { $0.previous?.text }, [nil, "1", "2", nil], "previous values")
    try expectEqual(events[1].previous?.modRevision, first, "previous mod revision")
    try expectEqual(events[2].previous?.version, 2, "previous version")
    let old = try await WatchReader(t, from: first) { $0.previous = true }.events(4)
    try expectEqual(old, events, "the same from an old revision")
  }

  static func filters(_ t: ConformanceContext) async throws {
    let puts = WatchReader(t) { $0.withoutDeletes = true }
    let deletes = WatchReader(t) { $0.withoutPuts = true }
    try await puts.started()
    try await deletes.started()
    try await t.put("a", "1")
    try await t.delete("a")
    _ = try await t.transact([], [t.putRequest("b", "2"), t.deleteRequest(.key(t.key("a")))])
    _ = try await t.transact([], [t.putRequest("c", "3"), t.deleteRequest(.key(t.key("b")))])
    try expectEqual(try await puts.events(3).map { $0.text(t) }, ["put a=1", "put b=2", "put c=3"])
    try expectEqual(try await deletes.events(2).map { $0.text(t) }, ["delete a", "delete b"])
  }

  static func transaction(_ t: ConformanceContext) async throws {
    let reader = WatchReader(t)
    try await reader.started()
    try await t.put("x")
    _ = try await reader.events(1)
    let names = (0..<50).map { "\($0 + 100)" }
    let delete = t.deleteRequest(.key(t.key("x")))
    let response = try await t.transact([], names.map { t.putRequest($0) } + [delete])
    let batch = try await reader.batch()
    try expectEqual(Set(batch.events.map(\.modRevision)), [response.header.revision], "revisions")
    try expectEqual(t.names(batch.events.map(\.key)).sorted(), (names + ["x"]).sorted(), "keys")
  }

  static func several(_ t: ConformanceContext) async throws {
    let readers = [WatchReader(t), WatchReader(t), WatchReader(t, range: .key(t.key("a")))]
    for reader in readers { try await reader.started() }
    for value in ["1", "2", "3"] { try await t.put("a", value) }
    let first = try await readers[0].events(3)
    for reader in readers.dropFirst() { try expectEqual(try await reader.events(3), first) }
  }

  static func emptyRange(_ t: ConformanceContext) async throws {
    let reader = WatchReader(t, range: KeyRange(start: t.key("b"), end: t.key("a")))
    try expectEqual(try await reader.failure().code, .invalidArgument)
  }
}
