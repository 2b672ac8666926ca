package import Holdfast
package import HoldfastCore

/// A cache's machine that keeps its promises or throws, whatever it is told.
package struct CheckedCache {
  package typealias Machine = CacheMachine

  package private(set) var machine: Machine
  /// Of the newest list or watch that was asked for.
  package private(set) var attempt = 0
  package private(set) var awaitsList = false
  /// Where the watch is to begin, once.
  package var watchFrom: Revision?
  package var anchor: RangeRequest?

  /// What `publish` alone tells readers.
  private var mirror: [Key: CacheRecord] = [:]
  private var seen: Set<Key> = []
  /// The newest revision at which each key was shown in this epoch.
  private var shown: [Key: Revision] = [:]
  private var highest = Revision.zero
  /// Whether the base was said to be wrong in this epoch: then what replaces it may be older.
  private var isDiverged = false

  package init(range: KeyRange, limit: OverlayLimit) { machine = Machine(range: range, overlayLimit: limit) }

  package static func record(_ keyValue: KeyValue) -> CacheRecord {
    CacheRecord(keyValue: keyValue)
  }

  package mutating func send(_ input: Machine.Input) throws {
    let epoch = machine.epoch
    note(input)
    let actions = machine.handle(input)
    try promise(actions.count <= 8, "\(actions.count) actions for one input")
    try promise(machine.epoch >= epoch, "the epoch went back")
    if machine.epoch != epoch { (shown, highest, isDiverged) = ([:], .zero, false) }
    var publishes = 0
    for action in actions {
      switch action {
      case .list(let attempt, let failures):
        try promise(attempt > self.attempt && failures >= 0, "attempt \(attempt) after \(self.attempt)")
        (self.attempt, awaitsList, watchFrom, anchor) = (attempt, true, nil, nil)
      case .watch(let attempt, let from):
        try promise(attempt == self.attempt && from == machine.revision?.next, "a watch from \(from)")
        (awaitsList, watchFrom) = (false, from)
      case .checkAnchor(let attempt, let request):
        try promise(attempt == self.attempt, "an anchor of attempt \(attempt)")
        anchor = request
      case .publish(let changes):
        publishes += 1
        try publish(changes)
      case .reached(let revision): try promise(revision == machine.revision, "reached \(revision)")
      case .health(let phase): try promise(phase == machine.phase, "another health than its own")
      case .proven(let revision): try promise(revision == machine.snapshotRevision, "proven \(revision)")
      case .rewound, .newEpoch, .wantProbe, .advanced: break
      }
    }
    try promise(publishes <= 1, "\(publishes) publishes in one step")
    try checkState()
  }

  /// The end of a run, whatever was before.
  package mutating func stop() throws {
    try send(.stop)
    (awaitsList, watchFrom, anchor) = (false, nil, nil)
  }

  private mutating func note(_ input: Machine.Input) {
    switch input {
    case .diverged: isDiverged = true
    case .listed(_, _, let records): seen.formUnion(records.map(\.key))
    case .changes(_, let changes): seen.formUnion(changes.map(\.key))
    case .acknowledged(let effects, _, _, _):
      for case .put(let record) in effects { seen.insert(record.key) }
    default: break
    }
  }

  private mutating func publish(_ changes: [VisibleChange]) throws {
    try promise(!changes.isEmpty, "an empty publish")
    try promise(zip(changes, changes.dropFirst()).allSatisfy { $0.key < $1.key }, "a publish out of order")
    for change in changes {
      try promise(machine.range.contains(change.key), "\(change.key) is outside of the range")
      try promise(mirror[change.key]?.keyValue != change.record?.keyValue, "no difference at \(change.key)")
      mirror[change.key] = change.record
      guard let revision = change.record?.modRevision else { continue }
      if let before = shown[change.key], !isDiverged {
        try promise(revision >= before, "\(change.key) went back from \(before) to \(revision) (G1)")
      }
      shown[change.key] = revision
    }
  }

  private mutating func checkState() throws {
    for key in seen.union(mirror.keys) {
      try promise(machine.visible(key)?.keyValue == mirror[key]?.keyValue, "\(key) is not what was published")
    }
    guard let revision = machine.revision else {
      // What was dropped for want of memory cannot contradict a server that lies afterwards.
      shown = [:]
      return try promise(machine.base.isEmpty, "a base of no revision")
    }
    try promise(revision >= highest, "the base went back from \(highest) to \(revision)")
    try promise(revision <= machine.highestKnown ?? .zero, "a base above what is known")
    highest = revision
    var last: Key?
    for (key, record) in machine.base {
      try promise(machine.range.contains(key) && record.key == key, "\(key) is outside of the range")
      try promise(record.modRevision <= revision, "\(key) is newer than the base")
      if let last { try promise(last < key, "the base is out of order") }
      last = key
    }
  }
}
