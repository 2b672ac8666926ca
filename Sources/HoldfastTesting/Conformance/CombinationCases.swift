internal import HoldfastCore

enum CombinationCases {
  static let all = [
    ConformanceCase("sort, limit, bounds and keys only combine, alone and in a transaction", ranges),
    ConformanceCase("bounds and count only combine with a serializable read", counts),
    ConformanceCase("filters and previous values combine", filters),
    ConformanceCase("a revision larger than a message arrives whole", large),
  ]

  private typealias Order = (RangeRequest.SortTarget, @Sendable (KeyValue, KeyValue) -> Bool)

  /// No two keys are equal in anything that is sorted by.
  private static let orders: [Order] = [
    (.key, { $0.key < $1.key }), (.value, { $0.text < $1.text }), (.version, { $0.version < $1.version }),
    (.createRevision, { $0.createRevision < $1.createRevision }), (.modRevision, { $0.modRevision < $1.modRevision }),
  ]

  static func ranges(_ t: ConformanceContext) async throws {
    for (name, count) in [("b", 4), ("d", 3), ("a", 2), ("c", 1)] {
      for number in 0..<count { try await t.put(name, "\(5 - count)\(number)") }
    }
    try await t.put("c", "9")
    try await t.put("c", "0")
    try await t.put("c", "1")
    try await t.put("c", "5")
    let all = try await t.range().keyValues
    let middle = all.map(\.modRevision).sorted()[1]
    let bounds: [(inout RangeRequest) -> Void] = [
      { _ in }, { $0.minModRevision = middle }, { $0.maxModRevision = middle },
      { ($0.minCreateRevision, $0.maxCreateRevision) = (all[1].createRevision, all[0].createRevision) },
    ]
    for (target, isBefore) in orders {
      for order in [RangeRequest.SortOrder.ascending, .descending] {
        for (limit, keysOnly) in [(0, false), (1, true), (2, false), (3, true)] {
          for bound in bounds {
            var request = RangeRequest(t.all)
            (request.sortTarget, request.sortOrder) = (target, order)
            (request.limit, request.keysOnly) = (Int64(limit), keysOnly)
            bound(&request)
            let kept = all.filter { keyValue in isWithin(request, keyValue) }
            let sorted = kept.sorted { order == .ascending ? isBefore($0, $1) : isBefore($1, $0) }
            let expected = limit == 0 ? sorted : Array(sorted.prefix(limit))
            let what = "\(request)"
            let alone = try await t.backend.range(request)
            try expectEqual(t.names(alone.keyValues), t.names(expected), what)
            try expectEqual(alone.keyValues.map(\.text), expected.map { keysOnly ? "" : $0.text }, what)
            try expectEqual(alone.count, 4, what)
            try expectEqual(alone.more, limit > 0 && kept.count > limit, what)
            let nested = TransactionRequest(success: [.range(request)])
            let answer = try await t.transact([], [.transaction(nested)])
            guard case .transaction(let inner)? = answer.responses.first,
              case .range(let range)? = inner.responses.first
            else { throw ConformanceFailure("a nested range has another answer") }
            try expectEqual(range.keyValues, alone.keyValues, "in a transaction: \(what)")
          }
        }
      }
    }
  }

  private static func isWithin(_ request: RangeRequest, _ keyValue: KeyValue) -> Bool {
    keyValue.modRevision >= request.minModRevision ?? .zero
      && keyValue.modRevision <= request.maxModRevision ?? keyValue.modRevision
      && keyValue.createRevision >= request.minCreateRevision ?? .zero
      && keyValue.createRevision <= request.maxCreateRevision ?? keyValue.createRevision
  }

  static func counts(_ t: ConformanceContext) async throws {
    for name in ["a", "b", "c"] { try await t.put(name) }
    let last = try await t.put("a")
    // A member's own state may lag behind: what it counts is of some revision, at most all.
    let response = try await t.range {
      ($0.countOnly, $0.serializable, $0.minModRevision, $0.limit) = (true, true, last, 1)
    }
    try expectEqual(response.keyValues, [], "keys")
    try expect(response.count <= 3, "count \(response.count)")
    try expectEqual(try await t.range { ($0.countOnly, $0.minModRevision) = (true, last) }.count, 3, "count")
  }

  static func filters(_ t: ConformanceContext) async throws {
    let first = try await t.put("a", "1")
    try await t.put("a", "2")
    try await t.delete("a")
    try await t.put("a", "3")
    for start in [first, nil] {
      let deletes = WatchReader(t, from: start) { ($0.withoutPuts, $0.previous) = (true, true) }
      let puts = WatchReader(t, from: start) { ($0.withoutDeletes, $0.previous) = (true, true) }
      if start == nil {
        try await deletes.started()
        try await puts.started()
        try await t.put("a", "4")
        try await t.delete("a")
      }
      let (held, gone) = start == nil ? (["3"], "4") : ([nil, "1", nil], "2")
      let deleted = try await deletes.events(1)
      try expectEqual(deleted.map { $0.previous?.text }, [gone], "previous of the delete")
      let written = try await puts.events(held.count)
      try expectEqual(written.map { $0.previous?.text }, held, "previous of the puts")
    }
  }

  /// With the values before it a transaction may be twice as large as a request, which is what a server sends in one message.
  static func large(_ t: ConformanceContext) async throws {
    let names = (0..<10).map { "\($0)" }
    func write(_ letter: String) async throws -> Revision {
      let value = String(repeating: letter, count: 140_000)
      return try await t.transact([], names.map { t.putRequest($0, value) }).header.revision
    }
    _ = try await write("a")
    let reader = WatchReader(t) { $0.previous = true }
    try await reader.started()
    let revision = try await write("b")
    let batch = try await reader.batch()
    try expectEqual(batch.events.count, names.count, "events")
    try expectEqual(Set(batch.events.map(\.modRevision)), [revision], "revisions")
    for event in batch.events {
      try expectEqual(event.keyValue.value.first, UInt8(ascii: "b"), "value")
      try expectEqual(event.previous?.value.count, 140_000, "previous value")
      try expectEqual(event.previous?.value.first, UInt8(ascii: "a"), "previous value")
    }
  }
}
