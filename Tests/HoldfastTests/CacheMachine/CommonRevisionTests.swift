import Holdfast
import HoldfastCore
import Testing

/// How several caches find one revision: the decisions, and with real machines in any order of what may happen.
@Suite struct CommonRevisionTests {
  private func mark(_ revision: Revision, lists: Int = 1, since: Int = 0, confirmed: Int? = 5) -> CacheMark {
    var lineage = CacheLineage()
    for _ in 0..<lists { lineage.begin(at: .seconds(since)) }
    return CacheMark(revision: revision, lineage: lineage, confirmed: confirmed.map { .seconds($0) }, clusterID: 1)
  }

  @Test func theHighestMarkIsTaken() {
    var common = CommonRevision()
    let marks = [mark(5), mark(9)]
    #expect(common.handle(.begin(marks)) == [.take(0, at: 9), .take(1, at: 9)])
    #expect(common.handle(.shown(1, marks[1], isProven: false)) == [])
    #expect(common.handle(.shown(0, mark(12), isProven: false)) == [.agreed(9)])
  }

  /// One took from the store after the other was last confirmed: that one may be of a store that is gone.
  @Test func anUnconfirmedCacheIsAsked() {
    var common = CommonRevision()
    let marks = [mark(9, since: 5, confirmed: 5), mark(9, since: 6, confirmed: nil)]
    _ = common.handle(.begin(marks))
    #expect(common.handle(.shown(0, marks[0], isProven: false)) == [])
    #expect(common.handle(.shown(1, marks[1], isProven: true)) == [.again])
    #expect(common.handle(.begin(marks)) == [.ask(0), .ask(1)])
    #expect(common.handle(.answered(0, 11)) == [])
    #expect(common.handle(.answered(1, 10)) == [.take(0, at: 11), .take(1, at: 11)])
    #expect(common.handle(.shown(0, marks[0], isProven: false)) == [])
    #expect(common.handle(.shown(1, marks[1], isProven: false)) == [.agreed(11)])
  }

  @Test func whoTakesFromTheStoreAnewBeginsAgain() {
    var common = CommonRevision()
    let marks = [mark(9), mark(9)]
    _ = common.handle(.begin(marks))
    #expect(common.handle(.shown(0, mark(9, lists: 2), isProven: true)) == [.again])
    #expect(common.handle(.shown(1, marks[1], isProven: true)) == [], "that attempt is over")
  }

  @Test func whatIsLostBeginsAgainAndTheFutureIsTold() {
    var common = CommonRevision(atLeast: 9)
    #expect(common.handle(.begin([mark(9), mark(8)])).count == 2)
    #expect(common.handle(.lost(1)) == [.again])
    var future = CommonRevision(atLeast: 20)
    #expect(future.handle(.begin([mark(9)])) == [.ask(0)])
    #expect(future.handle(.answered(0, 19)) == [.future(19)])
  }

  /// An item is in exactly one of two ranges, and its number is the revision; others come and go. Whatever is delivered when, and
  /// however little is remembered, what is agreed on is the store's state at that revision, of all ranges.
  @Test(arguments: 1...200) func whatIsAgreedOnIsTheStoresState(seed: UInt64) {
    var random = MachineRandom(seed: seed)
    var model = SeveralModel(history: [1_000, 2, 0][Int(seed % 3)])
    var agreed = 0
    for _ in 0..<60 {
      for _ in 0..<random.below(4) { model.commit(&random) }
      for cache in 0..<2 where random.below(2) == 0 { model.deliver(cache, upTo: random.below(5)) }
      var common = CommonRevision(asks: random.below(3) == 0)
      var open = common.handle(.begin(model.marks))
      var seen: [Int: [Key: KeyValue]] = [:]
      var revision: Revision?
      for _ in 0..<30 where revision == nil && !open.isEmpty {
        if random.below(3) == 0 { model.commit(&random) }
        if random.below(2) == 0 { model.deliver(random.below(2), upTo: 1 + random.below(3)) }
        // A watchdog asks as well, and what it proves may be beyond.
        if random.below(3) == 0 { _ = model.ask(random.below(2)) }
        let action = open.remove(at: random.below(open.count))
        let next: [CommonRevision.Action]
        switch action {
        case .ask(let cache): next = common.handle(.answered(cache, model.ask(cache)))
        case .take(let cache, let wanted):
          switch model.take(cache, wanted) {
          case .shown(let records, let isProven):
            seen[cache] = records
            next = common.handle(.shown(cache, model.marks[cache], isProven: isProven))
          case .lost: next = common.handle(.lost(cache))
          case .open:
            open.append(action)
            next = []
          }
        case .agreed(let found):
          revision = found
          next = []
        case .future, .again:
          seen = [:]
          next = common.handle(.begin(model.marks))
          open = []
        }
        open += next
      }
      guard let revision else { continue }
      agreed += 1
      for cache in 0..<2 { #expect(seen[cache] == model.state(cache, at: revision), "seed \(seed), at \(revision)") }
      #expect(model.marks.allSatisfy { $0.revision >= revision }, "no snapshot goes back behind it")
    }
    #expect(agreed > 0)
  }
}

/// A store's whole past, and two caches that follow a range of it each.
private struct SeveralModel {
  enum Taken { case shown([Key: KeyValue], isProven: Bool), lost, open }

  private static let ranges = [KeyRange.prefix("/p/"), .prefix("/q/")]
  private var states: [[Key: KeyValue]] = [[:], [:]]
  private var machines: [TestMachine]
  private var windows: [HistoryWindow]
  private var delivered = [1, 1]
  private var now = 1

  init(history: Int) {
    machines = Self.ranges.map { TestMachine(range: $0) }
    windows = Self.ranges.map { _ in HistoryWindow(limit: .init(revisions: history)) }
    for cache in 0..<2 {
      machines[cache].reportsSteps = true
      send(cache, .start)
      send(cache, .listed(attempt: 1, header: ResponseHeader(revision: 1), records: []))
      send(cache, .watchStarted(attempt: 1, ResponseHeader(revision: 1)))
      send(
        cache, .anchorAnswered(attempt: 1, RangeResponse(header: ResponseHeader(revision: 1), keyValues: [], count: 0)))
    }
  }

  var last: Int { states.count - 1 }

  var marks: [CacheMark] {
    machines.map {
      CacheMark(
        revision: $0.snapshotRevision ?? .zero, lineage: CacheLineage(), confirmed: $0.confirmed ?? .seconds(1),
        clusterID: 1)
    }
  }

  func state(_ cache: Int, at revision: Revision) -> [Key: KeyValue] {
    states[Int(revision.rawValue)].filter { Self.ranges[cache].contains($0.key) }
  }

  /// The item moves, or a key that is nobody's comes or goes.
  mutating func commit(_ random: inout MachineRandom) {
    var state = states[last]
    let revision = Revision(Int64(last + 1))
    func put(_ key: Key) {
      state[key] = KeyValue(
        key: key, value: [1], createRevision: state[key]?.createRevision ?? revision, modRevision: revision,
        version: (state[key]?.version ?? 0) + 1)
    }
    switch random.below(4) {
    case 0: put("/z")
    case 1:
      let key: Key = random.below(2) == 0 ? "/p/t" : "/q/t"
      if state[key] == nil { put(key) } else { state[key] = nil }
    default:
      let isThere = state["/p/item"] != nil
      state[isThere ? "/p/item" : "/q/item"] = nil
      put(isThere ? "/q/item" : "/p/item")
    }
    states.append(state)
  }

  /// The next revisions that concern a cache.
  mutating func deliver(_ cache: Int, upTo count: Int) {
    for _ in 0..<count {
      var changes: [CacheChange] = []
      while changes.isEmpty, delivered[cache] < last {
        delivered[cache] += 1
        let revision = Revision(Int64(delivered[cache]))
        let (old, new) = (state(cache, at: revision.previous), state(cache, at: revision))
        for key in Set(old.keys).union(new.keys).sorted() where old[key] != new[key] {
          changes.append(new[key].map { .put(CacheRecord(keyValue: $0)) } ?? .delete(key, revision))
        }
      }
      if !changes.isEmpty { send(cache, .changes(attempt: 1, changes)) }
    }
  }

  mutating func ask(_ cache: Int) -> Revision {
    now += 1
    let probe = machines[cache].probe(at: .seconds(now))
    send(cache, .probed(probe, answer(cache, at: Revision(Int64(last)))))
    return Revision(Int64(last))
  }

  mutating func take(_ cache: Int, _ revision: Revision) -> Taken {
    now += 1
    switch machines[cache].sight(at: revision, windows[cache], now: .seconds(now)) {
    case .shown(let records): return .shown(values(records), isProven: false)
    case .lost: return .lost
    case .doubtful: return .open
    case .unproven(let pinned):
      let answer = answer(cache, at: revision)
      send(cache, .probed(pinned.probe, answer))
      guard let records = pinned.proves(answer), marks[cache].revision >= revision else { return .open }
      return .shown(values(records), isProven: true)
    }
  }

  private func values(_ records: RecordMap) -> [Key: KeyValue] {
    Dictionary(uniqueKeysWithValues: records.compactMap { record in record.value.keyValue.map { (record.key, $0) } })
  }

  private func answer(_ cache: Int, at revision: Revision) -> RangeResponse {
    let held = state(cache, at: revision).values
    let newest = held.max { $0.modRevision < $1.modRevision }
    return RangeResponse(
      header: ResponseHeader(revision: Revision(Int64(last))), keyValues: newest.map { [$0] } ?? [],
      count: Int64(held.count))
  }

  private mutating func send(_ cache: Int, _ input: TestMachine.Input) {
    for action in machines[cache].handle(input) {
      if case .advanced(let step) = action { windows[cache].add(step) }
      if case .rewound = action { Issue.record("a store that never went back was taken for one that did") }
    }
  }
}
