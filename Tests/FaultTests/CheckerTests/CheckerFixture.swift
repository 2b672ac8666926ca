/// A short history whose truth is known: `a` is put at 2, 4 and deleted at 6, put again at 8; `dir/x` and `dir/y` are put at
/// 3 and 5 and deleted together at 7; both halves of a pair are put at 9 and at 10; `bad` holds nonsense from 11 on.
struct CheckerFixture {
  var oracle = Oracle()
  var history = History(storeOfCache: [0])
  private var instant = 0

  init() {
    put("a", 1, at: 2)
    put("dir/x", 2, at: 3)
    put("a", 3, at: 4, create: 2, version: 2)
    put("dir/y", 4, at: 5)
    delete("a", at: 6)
    delete("dir/x", at: 7)
    delete("dir/y", at: 7)
    put("a", 5, at: 8)
    for half in ["a", "b"] { put("pair/1/\(half)", 6, at: 9) }
    for half in ["a", "b"] { put("pair/1/\(half)", 7, at: 10, create: 9, version: 2) }
    oracle.add(
      "bad", .init(seen: Seen(token: nil, modRevision: 11, createRevision: 11, version: 1), revision: 11))
  }

  mutating func put(_ key: String, _ token: Int, at revision: Int64, create: Int64? = nil, version: Int64 = 1) {
    let seen = Seen(
      token: token, modRevision: revision, createRevision: create ?? revision, version: version)
    oracle.add(key, .init(seen: seen, revision: revision))
  }

  mutating func delete(_ key: String, at revision: Int64) {
    oracle.add(key, .init(seen: nil, revision: revision))
  }

  /// A read of one key as it was at a revision.
  mutating func get(_ key: String, asAt revision: Int64) {
    let seen = oracle.state(of: key, at: revision).map { [key: $0] } ?? [:]
    add(ReadRecord(cache: 0, span: span(), mode: .local, keys: [key], seen: seen))
  }

  /// A snapshot of one revision that shows the state of another one, with changes.
  mutating func snapshot(
    _ revision: Int64, showing state: Int64? = nil, mode: ReadRecord.Mode = .snapshot, time: Duration = .zero,
    _ change: (inout [String: Seen]) -> Void = { _ in }
  ) {
    var seen = visible(state ?? revision)
    change(&seen)
    add(ReadRecord(cache: 0, span: span(), mode: mode, revision: revision, seen: seen, time: time))
  }

  /// What a consumer is told who knows the state at one revision, as it has to be at another one.
  func update(_ kind: UpdateRecord.Kind, from start: Int64, to end: Int64) -> UpdateRecord {
    var held = kind == .initial ? [:] : visible(start)
    var changes: [UpdateRecord.Change] = []
    func add(_ key: String, _ seen: Seen?, _ revision: Int64, _ kind: UpdateRecord.ChangeKind) {
      let previous = held[key].flatMap { $0.token == nil ? nil : $0 }
      changes.append(.init(key: key, kind: kind, revision: revision, seen: seen, previous: previous))
      held[key] = seen
    }
    switch kind {
    case .initial: for (key, seen) in visible(end) { add(key, seen, seen.modRevision, .existing) }
    case .changes:
      for revision in start + 1...end {
        for key in oracle.keys.sorted() where oracle.change(of: key, at: revision)?.revision == revision {
          let seen = visible(revision)[key]
          add(key, seen, revision, seen == nil ? .deleted : held[key] == nil ? .created : .modified)
        }
      }
    case .resync:
      let truth = visible(end)
      for key in oracle.keys.sorted() where held[key] != truth[key] {
        let kind: UpdateRecord.ChangeKind = truth[key] == nil ? .deleted : held[key] == nil ? .created : .replaced
        add(key, truth[key], truth[key]?.modRevision ?? end, kind)
      }
    }
    return UpdateRecord(cache: 0, kind: kind, revision: end, changes: changes)
  }

  mutating func told(_ updates: UpdateRecord...) { history.updates += updates }

  /// A local list that had followed to a revision and shows the state of another one.
  mutating func list(_ revision: Int64, showing state: Int64, _ change: (inout [String: Seen]) -> Void = { _ in }) {
    var seen = visible(state)
    change(&seen)
    add(ReadRecord(cache: 0, span: span(), mode: .local, revision: revision, seen: seen))
  }

  mutating func write(_ operation: WriteRecord.Operation, _ outcome: WriteRecord.Outcome, time: Duration = .zero) {
    history.writes.append(
      WriteRecord(store: 0, span: span(), operations: [operation], outcome: outcome, time: time))
  }

  mutating func health(_ revision: Int64, isLive: Bool, time: Duration) {
    history.health.append(HealthRecord(cache: 0, time: time, isLive: isLive, revision: revision))
  }

  func check(others: [Oracle] = []) -> CheckReport {
    Checker(oracles: [oracle] + others, history: history).run()
  }

  private func visible(_ revision: Int64) -> [String: Seen] {
    oracle.replay(to: revision).mapValues { $0.token == nil ? Seen(token: nil, modRevision: $0.modRevision) : $0 }
  }

  private mutating func add(_ read: ReadRecord) { history.reads.append(read) }

  private mutating func span() -> Span {
    instant += 2
    return Span(start: instant - 1, end: instant)
  }
}

extension CheckReport {
  var broken: Set<Invariant> { Set(violations.map(\.invariant)) }
}
