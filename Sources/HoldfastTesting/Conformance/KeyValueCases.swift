internal import HoldfastCore

enum KeyValueCases {
  static let all = [
    ConformanceCase("a put creates a key with version 1 at its own revision", create),
    ConformanceCase("each put raises version and mod revision and keeps the create revision", update),
    ConformanceCase("a deleted key is created anew", recreate),
    ConformanceCase("a delete of nothing makes no new revision", deleteNothing),
    ConformanceCase("a prefix delete says how many and spares the neighbours", deletePrefix),
    ConformanceCase("previous values are returned when asked for", previous),
    ConformanceCase("empty, binary and long keys and values survive", bytes),
    ConformanceCase("keys that Unicode calls equal are two keys", normalisation),
    ConformanceCase("the empty key is refused", emptyKey),
  ]

  static func create(_ t: ConformanceContext) async throws {
    let revision = try await t.put("a", "one")
    let keyValue = try require(await t.get("a"), "the key")
    try expectEqual(
      keyValue,
      KeyValue(key: t.key("a"), value: Array("one".utf8), createRevision: revision, modRevision: revision, version: 1))
    try expectEqual(await t.get("b"), nil, "a key that was never written")
  }

  static func update(_ t: ConformanceContext) async throws {
    let first = try await t.put("a", "1")
    var last = first
    for version in Int64(2)...4 {
      let revision = try await t.put("a", "\(version)")
      try expect(revision > last, "revision \(revision) does not follow \(last)")
      last = revision
      let keyValue = try require(await t.get("a"), "the key")
      try expectEqual(keyValue.version, version, "version")
      try expectEqual(keyValue.createRevision, first, "create revision")
      try expectEqual(keyValue.modRevision, revision, "mod revision")
      try expectEqual(keyValue.text, "\(version)", "value")
    }
  }

  static func recreate(_ t: ConformanceContext) async throws {
    try await t.put("a", "1")
    try await t.put("a", "2")
    let deleted = try await t.delete("a")
    try expectEqual(await t.get("a"), nil, "a deleted key")
    let created = try await t.put("a", "3")
    try expect(created > deleted, "revision \(created) does not follow \(deleted)")
    let keyValue = try require(await t.get("a"), "the key")
    try expectEqual(keyValue.version, 1, "version")
    try expectEqual(keyValue.createRevision, created, "create revision")
  }

  /// Others may write between two answers, so the next write cannot be told by its number; its watch history can.
  static func deleteNothing(_ t: ConformanceContext) async throws {
    let revision = try await t.put("a")
    let response = try await t.backend.deleteRange(DeleteRangeRequest(t.folder("nothing"), previous: true))
    try expectEqual(response.deleted, 0, "deleted")
    try expectEqual(response.previous, [], "previous")
    try expect(response.header.revision >= revision, "the header's revision fell")
    try await t.put("b")
    let events = try await WatchReader(t, from: revision).events(2)
    try expectEqual(t.names(events.map(\.key)), ["a", "b"], "events")
  }

  static func deletePrefix(_ t: ConformanceContext) async throws {
    for name in ["d", "d/", "d/1", "d/2", "d0"] { try await t.put(name, name) }
    let response = try await t.backend.deleteRange(DeleteRangeRequest(t.folder("d/"), previous: true))
    try expectEqual(response.deleted, 3, "deleted")
    try expectEqual(t.names(response.previous), ["d/", "d/1", "d/2"], "previous")
    try expectEqual(t.names(try await t.range().keyValues), ["d", "d0"], "what is left")
  }

  static func previous(_ t: ConformanceContext) async throws {
    let first = try await t.backend.put(PutRequest(key: t.key("a"), value: [1], previous: true))
    try expectEqual(first.previous, nil, "previous of a new key")
    let second = try await t.backend.put(PutRequest(key: t.key("a"), value: [2], previous: true))
    try expectEqual(second.previous?.value, [1], "previous value")
    try expectEqual(second.previous?.modRevision, first.header.revision, "previous mod revision")
    let silent = try await t.backend.put(PutRequest(key: t.key("a"), value: [3]))
    try expectEqual(silent.previous, nil, "previous without asking")
    let deleted = try await t.backend.deleteRange(DeleteRangeRequest(t.all))
    try expectEqual(deleted.previous, [], "previous of a delete without asking")
  }

  static func bytes(_ t: ConformanceContext) async throws {
    let everyByte = (0...255).map { UInt8($0) }
    let table: [(suffix: [UInt8], value: [UInt8])] = [
      ([0], []), ([0xFF], [0]), ([0xFF, 0xFF], everyByte), (everyByte, [0xFF]),
      (Array(repeating: 0x61, count: 4_000), Array(repeating: 7, count: 100_000)),
    ]
    for (suffix, value) in table {
      let key = t.key("k").appending(Key(bytes: suffix))
      _ = try await t.backend.put(PutRequest(key: key, value: value))
      let response = try await t.backend.range(RangeRequest(.key(key)))
      try expectEqual(response.keyValues.map(\.key), [key], "key")
      try expectEqual(response.keyValues.map(\.value), [value], "value")
    }
    let keys = try await t.range().keyValues.map(\.key)
    try expectEqual(keys, keys.sorted(), "byte order")
    try expectEqual(keys.count, table.count, "keys of the prefix")
  }

  static func normalisation(_ t: ConformanceContext) async throws {
    try await t.put("\u{E9}", "composed")
    try await t.put("e\u{301}", "decomposed")
    try expectEqual(try await t.range().count, 2, "keys")
    try expectEqual(await t.get("\u{E9}")?.text, "composed")
    try expectEqual(await t.get("e\u{301}")?.text, "decomposed")
  }

  static func emptyKey(_ t: ConformanceContext) async throws {
    let empty = Key(bytes: [])
    try await expectFailure(.invalidArgument, "range") { try await t.backend.range(RangeRequest(.key(empty))) }
    try await expectFailure(.invalidArgument, outcome: .refused, "put") {
      try await t.backend.put(PutRequest(key: empty, value: []))
    }
    try await expectFailure(.invalidArgument, outcome: .refused, "delete") {
      try await t.backend.deleteRange(DeleteRangeRequest(.key(empty)))
    }
    try await expectFailure(.invalidArgument, outcome: .refused, "compare") {
      try await t.transact([Compare(key: empty, .version(0))], [t.putRequest("a")])
    }
    try await expectFailure(.invalidArgument, outcome: .refused, "put in the branch not taken") {
      try await t.transact([], [t.putRequest("a")], else: [.put(PutRequest(key: empty, value: []))])
    }
    try expectEqual(await t.get("a"), nil, "a key of a refused transaction")
  }
}
