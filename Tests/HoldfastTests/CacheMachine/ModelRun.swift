import Holdfast
import HoldfastCore
import Testing

/// One random run of a machine against the oracle, checked after every step.
struct ModelRun {
  struct Acknowledgement {
    var effects: [WriteEffect<String>]
    var revision: Revision
    var epoch: Int
  }

  static let range = KeyRange.prefix("/p/")
  static let keys: [Key] = ["/p/a", "/p/b", "/p/d/1", "/p/d/2", "/p/d/3"]
  /// Written only together, always with equal values.
  static let pair: [Key] = ["/p/x", "/p/y"]

  private(set) var problem: String?
  private(set) var story: [String] = []
  private(set) var coverage: [String: Int] = [:]

  private var random: MachineRandom
  private var driver: MachineDriver
  private var store = ModelStore()
  private var pending: [Acknowledgement] = []
  /// What the machine was told and has not had to forget.
  private var accepted: [Acknowledgement] = []
  /// The store's revision when the list that is awaited was asked for; nil while a watch runs.
  private var listAsked: Revision?
  /// The last revision that the watch delivered.
  private var delivered = Revision.zero
  /// The lowest revision that a key may still show.
  private var floor: [Key: Revision] = [:]
  private var serial = 0
  private var isRewinding = false

  /// Telling what happens costs more than the run itself: a run that failed is run again, and then tells.
  private let isTelling: Bool

  init(seed: UInt64, isTelling: Bool = false) {
    self.isTelling = isTelling
    random = MachineRandom(seed: seed)
    let limit = OverlayLimit(entries: random.pick([2, 5, 1_000]))
    driver = MachineDriver(range: Self.range, limit: limit)
  }

  mutating func run() {
    for _ in 0..<random.below(4) { write(isOwn: false) }
    send("start", .start)
    for _ in 0..<60 where problem == nil { step() }
    drain()
  }

  private mutating func step() {
    switch random.below(100) {
    case 0..<16: write(isOwn: false)
    case 16..<36: write(isOwn: true)
    case 36..<56: acknowledge()
    case 56..<74: if listAsked == nil { deliver() } else { answerList() }
    case 74..<80: progress()
    case 80..<84: lateAnswer()
    case 84..<88 where listAsked == nil: send("interrupted", .watchInterrupted(attempt: driver.attempt, down))
    case 88..<91 where listAsked == nil: send("started", .watchStarted(attempt: driver.attempt, header(store.revision)))
    case 91..<94 where listAsked == nil: send("ended", .watchEnded(attempt: driver.attempt, down))
    case 94..<95, 84..<94: if listAsked != nil { send("list failed", .listFailed(attempt: driver.attempt, down)) }
    case 95..<97: restart()
    case 97..<100: rewind()
    default: break
    }
  }

  private let down = HoldfastError(.unavailable, "down")
  private func header(_ revision: Revision) -> ResponseHeader { ResponseHeader(revision: revision) }

  private mutating func cover(_ name: String) { coverage[name, default: 0] += 1 }
}

extension ModelRun {
  private mutating func write(isOwn: Bool) {
    serial += 1
    let value = "\(serial)"
    var writes: [ModelStore.Write] = []
    switch random.below(12) {
    case 0, 1: writes = Self.pair.map { .put($0, value) }
    case 2: writes = [.delete(KeyRange(start: "/p/x", end: "/p/z"))]
    case 3: writes = [.put("/q/z", value)]
    case 4: writes = [.delete(.prefix("/p/d/"))]
    case 5: writes = [.delete(.prefix("/p/d/")), .put("/p/d/2", value)]
    case 6: writes = [.delete(random.below(2) == 0 ? .all : .from("/p/b"))]
    case 7, 8: writes = [.delete(.key(random.pick(Self.keys)))]
    default:
      var keys = Self.keys
      keys.shuffle(using: &random)
      writes = keys.prefix(1 + random.below(2)).map { .put($0, value) }
      if let last = keys.last, random.below(3) == 0 { writes.append(.delete(.key(last))) }
    }
    let (effects, revision) = store.commit(writes)
    tell("\(isOwn ? "own" : "foreign") \(writes) at \(revision)")
    if isOwn { pending.append(Acknowledgement(effects: effects, revision: revision, epoch: driver.machine.epoch)) }
  }

  private mutating func acknowledge() {
    guard !pending.isEmpty else { return }
    let ack = pending.remove(at: random.below(pending.count))
    if ack.epoch == driver.machine.epoch {
      accepted.append(ack)
      cover((driver.machine.revision ?? .zero) < ack.revision ? "acknowledged above A" : "acknowledged below A")
    } else {
      cover("acknowledged from an old epoch")
    }
    send("acknowledged \(ack.revision)", .acknowledged(ack.effects, at: ack.revision, epoch: ack.epoch))
    guard ack.epoch == driver.machine.epoch else { return }
    for case .put(let record) in ack.effects where Self.range.contains(record.keyValue.key) {
      let key = record.keyValue.key
      let seen = driver.machine.visible(key)?.keyValue.modRevision
      let isDeleted = store.deletes[key, default: []].contains { $0 >= ack.revision }
      if let seen { check(seen >= ack.revision, "own write of \(key) at \(ack.revision) is not read") }
      if seen == nil { check(isDeleted, "own write of \(key) at \(ack.revision) is gone") }
    }
  }

  /// Whole revisions, now and then with some that were delivered before.
  private mutating func deliver() {
    guard delivered < store.revision else { return }
    let last = Revision(min(store.revision.rawValue, delivered.rawValue + 1 + Int64(random.below(4))))
    let first = max(1, delivered.rawValue + 1 - (random.below(5) == 0 ? 2 : 0))
    let changes = (first...last.rawValue).flatMap { store.changes(at: Revision($0)) }
    let inside = changes.filter { Self.range.contains($0.key) }
    if Set(inside.map(\.revision)).count > 1 { cover("several revisions") }
    delivered = last
    guard !inside.isEmpty else { return }
    send("events \(first)...\(last)", .changes(attempt: driver.attempt, inside))
  }

  private mutating func progress() {
    guard listAsked == nil else { return }
    if random.below(2) == 0 {
      let early = WatchProgress(revision: store.revision, requested: true)
      send("requested progress", .progress(attempt: driver.attempt, early))
    } else {
      let timed = WatchProgress(revision: delivered, requested: false)
      send("progress \(timed.revision)", .progress(attempt: driver.attempt, timed))
    }
  }

  private mutating func answerList() {
    guard let asked = listAsked else { return }
    let read = Revision(asked.rawValue + Int64(random.below(Int(store.revision.rawValue - asked.rawValue) + 1)))
    let state = store.state(at: read)
    let rows = state.keys.filter(Self.range.contains).sorted().compactMap { state[$0].map(row) }
    listAsked = nil
    delivered = read
    let before = driver.mirror.count
    send("listed at \(read)", .listed(attempt: driver.attempt, header: header(read), records: rows))
    if driver.mirror.count != before { cover("list with a difference") }
  }

  private func row(_ keyValue: KeyValue) -> CacheRecord<String> {
    CacheRecord(keyValue: keyValue, content: String(decoding: keyValue.value, as: UTF8.self))
  }

  private mutating func lateAnswer() {
    cover("late answer")
    let attempt = driver.attempt - 1
    switch random.below(4) {
    case 0: send("late list", .listed(attempt: attempt, header: header(store.revision), records: []))
    case 1: send("late list failure", .listFailed(attempt: attempt, down))
    case 2: send("late events", .changes(attempt: attempt, Self.keys.map { .delete($0, store.revision.next) }))
    default: send("late end", .watchEnded(attempt: attempt, down))
    }
  }

  private mutating func restart() {
    send("stop", .stop)
    if random.below(2) == 0 { write(isOwn: true) }
    // What is acknowledged to a stopped machine is lost to it; the list of the next start covers it.
    if !pending.isEmpty, random.below(2) == 0 {
      let ack = pending.removeLast()
      send("ignored", .acknowledged(ack.effects, at: ack.revision, epoch: ack.epoch))
    }
    accepted = []
    floor = [:]
    cover("restart")
    send("start", .start)
  }

  /// The store is restored from a backup. By itself the cache finds out before the new history is as long as the old one.
  private mutating func rewind() {
    guard listAsked == nil, let known = driver.machine.revision, known > 3 else { return }
    let back = Revision(known.rawValue - 2)
    store.rewind(to: back)
    tell("rewind to \(back)")
    if random.below(2) == 0 { write(isOwn: false) }
    switch random.below(3) {
    case 0: send("started low", .watchStarted(attempt: driver.attempt, header(back)), isRewound: true)
    case 1: send("ended", .watchEnded(attempt: driver.attempt, down), isRewound: true)
    default:
      // Told by somebody else, it is recognised even when the new history has overtaken the old one.
      for _ in 0..<random.below(6) { write(isOwn: random.below(2) == 0) }
      send("rewound", .rewound(epoch: driver.machine.epoch), isRewound: true)
    }
    let epoch = driver.machine.epoch
    isRewinding = true
    answerList()
    isRewinding = false
    check(driver.machine.epoch == epoch + 1, "no new epoch")
  }

  private mutating func drain() {
    while problem == nil, !pending.isEmpty { acknowledge() }
    while problem == nil, listAsked != nil || delivered < store.revision {
      if listAsked == nil { deliver() } else { answerList() }
    }
    guard problem == nil else { return }
    let last = WatchProgress(revision: store.revision, requested: false)
    send("last progress", .progress(attempt: driver.attempt, last))
    check(driver.machine.revision == store.revision, "not converged")
    check(driver.machine.overlayCount == 0 && driver.machine.overlayBytes == 0, "overlay left over")
    check(driver.machine.tombstoneCount == 0, "tombstones left over")
  }
}

extension ModelRun {
  private mutating func tell(_ line: @autoclosure () -> String) {
    if isTelling { story.append(line()) }
  }

  private mutating func send(_ name: @autoclosure () -> String, _ input: TestMachine.Input, isRewound: Bool = false) {
    let isFull = driver.machine.isOverlayFull
    let attempt = driver.attempt
    let actions = driver.send(input)
    if case .listFailed(attempt, _) = input, isFull {
      cover("dropped")
      check(driver.machine.revision == nil && driver.machine.overlayCount == 0, "a full overlay is kept")
      accepted = []
      floor = [:]
    }
    tell("\(name()): \(actions.names.joined(separator: ", "))")
    for action in actions {
      switch action {
      case .list:
        listAsked = store.revision
        if case .acknowledged = input { cover("overlay full") }
      case .newEpoch:
        cover("epoch")
        check(isRewinding, "an epoch began without a reason")
        accepted = []
        floor = [:]
      default: break
      }
    }
    // Between the restore and its discovery the cache shows the old history, which the oracle has forgotten.
    if !isRewound { verify() }
  }

  private mutating func verify() {
    let machine = driver.machine
    guard machine.revision ?? .zero <= store.revision else {
      return check(false, "the base is beyond the store")
    }
    let state = machine.revision.map { store.state(at: $0) } ?? [:]
    let expected = state.filter { Self.range.contains($0.key) }
    check(machine.base.count == expected.count, "the base has other keys than the log")
    for (key, value) in machine.base { check(expected[key] == value.keyValue, "base differs at \(key)") }

    let newer = accepted.filter { $0.revision > machine.revision ?? .zero }.sorted { $0.revision < $1.revision }
    for key in Self.keys + Self.pair {
      var shown = expected[key]
      for ack in newer {
        for effect in ack.effects {
          switch effect {
          case .put(let record) where record.keyValue.key == key: shown = record.keyValue
          case .delete(let range) where range.contains(key):
            if shown != nil, !range.isSingleKey { cover("hidden by a range tombstone") }
            shown = nil
          default: break
          }
        }
      }
      // The driver has compared its mirror with the machine already.
      let visible = driver.mirror[key]?.keyValue
      check(visible == shown, "\(key) shows \(visible?.modRevision ?? 0) and not \(shown?.modRevision ?? 0)")
      verifyMonotonic(key, visible?.modRevision)
    }
    let values = Self.pair.map { driver.mirror[$0]?.content }
    check(values[0] == values[1], "half a transaction is visible")
    for key in driver.mirror.keys { check(Self.range.contains(key), "\(key) is not in the range") }
  }

  private mutating func verifyMonotonic(_ key: Key, _ shown: Revision?) {
    let lowest = floor[key] ?? .zero
    if let shown {
      check(shown >= lowest, "\(key) went back from \(lowest) to \(shown)")
      floor[key] = shown
    } else if lowest > .zero, !store.deletes[key, default: []].contains(lowest) {
      let deleted = store.deletes[key, default: []].first { $0 > lowest }
      check(deleted != nil, "\(key) of \(lowest) is gone without a delete")
      floor[key] = deleted
    }
  }

  private mutating func check(_ condition: Bool, _ message: @autoclosure () -> String) {
    if !condition, problem == nil { problem = message() }
  }
}
