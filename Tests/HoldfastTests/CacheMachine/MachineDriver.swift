import Holdfast
import HoldfastCore
import Testing

typealias TestMachine = CacheMachine

/// One operation in a test's own words.
enum MachineOp: Sendable {
  case put(String, String)
  case delete(String)
  case deletePrefix(String)
}

func machineRow(
  _ key: String, _ value: String, _ revision: Revision, created: Revision? = nil, version: Int64 = 1,
  lease: LeaseID? = nil
) -> CacheRecord {
  let keyValue = KeyValue(
    key: Key(key), value: Array(value.utf8), createRevision: created ?? revision, modRevision: revision,
    version: version, lease: lease)
  return CacheRecord(keyValue: keyValue)
}

extension CacheRecord {
  /// The value, as tests write it.
  var text: String { String(decoding: keyValue?.value ?? [], as: UTF8.self) }
}

/// What a store with these keys answers to a probe or an anchor: the newest first, which is all that some ask for.
func anchorAnswer(_ revision: Revision, _ records: [CacheRecord]) -> RangeResponse {
  RangeResponse(
    header: ResponseHeader(revision: revision),
    keyValues: records.compactMap(\.keyValue).sorted { $0.modRevision > $1.modRevision }, count: Int64(records.count))
}

/// Runs a machine as a shell would, and keeps a mirror that is built from `publish` alone.
struct MachineDriver {
  var machine: TestMachine
  /// Of the newest list or watch that the machine asked for.
  private(set) var attempt = 0
  var answersAnchors = true
  private(set) var mirror: [Key: CacheRecord] = [:]
  /// Every key that any input spoke of.
  private var seen: Set<Key> = []

  init(
    range: KeyRange = .prefix("/p/"), limit: OverlayLimit = OverlayLimit(),
    exactAnchors: ExactAnchorLimit = ExactAnchorLimit()
  ) {
    machine = TestMachine(range: range, overlayLimit: limit, exactAnchors: exactAnchors)
  }

  @discardableResult
  mutating func send(_ input: TestMachine.Input, location: SourceLocation = #_sourceLocation) -> [TestMachine.Action] {
    let before = (phase: machine.phase, epoch: machine.epoch)
    let actions = machine.handle(input)
    note(input)
    var publishes = 0
    for action in actions {
      switch action {
      case .list(let next, _): attempt = next
      case .watch(let current, let from):
        #expect(current == attempt, sourceLocation: location)
        #expect(from == machine.revision?.next, sourceLocation: location)
      case .publish(let changes):
        publishes += 1
        #expect(!changes.isEmpty, sourceLocation: location)
        for change in changes {
          #expect(mirror[change.key]?.keyValue != change.record?.keyValue, "no difference", sourceLocation: location)
          mirror[change.key] = change.record
          seen.insert(change.key)
        }
      case .reached(let revision): #expect(revision == machine.revision, sourceLocation: location)
      case .wantProbe: break
      case .proven(let revision): #expect(revision == machine.snapshotRevision, sourceLocation: location)
      case .newEpoch(let epoch):
        #expect(epoch == machine.epoch && epoch > before.epoch, sourceLocation: location)
        #expect(publishes == 0, "an epoch begins before what is published in it", sourceLocation: location)
      case .advanced(let step):
        #expect(step.to == machine.revision || machine.revision == nil, sourceLocation: location)
      case .checkAnchor(let current, _): #expect(current == attempt, sourceLocation: location)
      case .rewound: #expect(machine.isRewound, sourceLocation: location)
      case .health(let phase): #expect(phase == machine.phase && phase != before.phase, sourceLocation: location)
      }
    }
    #expect(publishes <= 1, sourceLocation: location)
    for key in seen where machine.visible(key)?.keyValue != mirror[key]?.keyValue {
      Issue.record("\(key): the mirror differs from what is visible", sourceLocation: location)
    }
    // Unless a test asks for something else, the store has the past that the base was built from.
    guard case .checkAnchor(let attempt, let request)? = actions.last, answersAnchors else { return actions }
    return actions.dropLast() + send(.anchorAnswered(attempt: attempt, ownAnchor(request)), location: location)
  }

  /// The answer of a store that holds what the cache holds.
  func ownAnchor(_ request: RangeRequest) -> RangeResponse {
    let held = request.revision == machine.revision ? machine.base : machine.snapshotRecords
    return anchorAnswer(max(machine.highestKnown ?? 1, request.revision ?? 1), held.map(\.value))
  }

  private mutating func note(_ input: TestMachine.Input) {
    switch input {
    case .listed(_, _, let records): seen.formUnion(records.map(\.key))
    case .changes(_, let changes): seen.formUnion(changes.map(\.key))
    case .acknowledged(let effects, _, _, _):
      for case .put(let record) in effects { seen.insert(record.key) }
    default: break
    }
  }

  /// What is visible, as the values of the keys below the prefix.
  var view: [String: String] {
    mirror.reduce(into: [:]) { $0[String($1.key.description.dropFirst(3))] = $1.value.text }
  }
}

extension MachineDriver {
  /// Started, loaded and watching.
  static func live(
    at revision: Revision, _ records: [CacheRecord] = [], limit: OverlayLimit = OverlayLimit(),
    exactAnchors: ExactAnchorLimit = ExactAnchorLimit()
  ) -> MachineDriver {
    var driver = MachineDriver(limit: limit, exactAnchors: exactAnchors)
    driver.send(.start)
    driver.list(revision, records)
    driver.send(.watchStarted(attempt: driver.attempt, ResponseHeader(revision: revision)))
    return driver
  }

  @discardableResult
  mutating func list(_ revision: Revision, _ records: [CacheRecord]) -> [TestMachine.Action] {
    send(.listed(attempt: attempt, header: ResponseHeader(revision: revision), records: records))
  }

  @discardableResult
  mutating func events(_ changes: (Revision, MachineOp)...) -> [TestMachine.Action] { events(changes) }

  @discardableResult
  mutating func events(_ changes: [(Revision, MachineOp)]) -> [TestMachine.Action] {
    let decoded = changes.map { revision, op -> CacheChange in
      switch op {
      case .put(let key, let value): .put(machineRow("/p/\(key)", value, revision))
      case .delete(let key), .deletePrefix(let key): .delete(Key("/p/\(key)"), revision)
      }
    }
    return send(.changes(attempt: attempt, decoded))
  }

  /// A list below what is known, as often as it takes to be believed.
  @discardableResult
  mutating func lowList(_ revision: Revision, _ records: [CacheRecord]) -> [TestMachine.Action] {
    for _ in 0..<2 {
      let actions = list(revision, records)
      #expect(actions.contains { if case .list = $0 { true } else { false } })
    }
    return list(revision, records)
  }

  @discardableResult
  mutating func ack(
    _ revision: Revision, epoch: Int? = nil, known: Revision? = nil, _ ops: MachineOp...
  ) -> [TestMachine.Action] {
    ack(revision, epoch: epoch, known: known, ops)
  }

  @discardableResult
  mutating func ack(
    _ revision: Revision, epoch: Int? = nil, known: Revision? = nil, _ ops: [MachineOp]
  ) -> [TestMachine.Action] {
    let effects = ops.map { op -> WriteEffect in
      switch op {
      case .put(let key, let value): .put(machineRow("/p/\(key)", value, revision))
      case .delete(let key): .delete(.key(Key("/p/\(key)")))
      case .deletePrefix(let prefix): .delete(.prefix(Key("/p/\(prefix)")))
      }
    }
    let mark = WriteMark(epoch: epoch ?? machine.epoch, known: known)
    return send(.acknowledged(effects, at: revision, changed: true, sent: mark))
  }

  @discardableResult
  mutating func progress(_ revision: Revision, isOrdered: Bool = true) -> [TestMachine.Action] {
    send(.progress(attempt: attempt, WatchProgress(revision: revision, isOrdered: isOrdered)))
  }
}

extension [TestMachine.Action] {
  /// The actions without their contents, for order and number.
  var names: [String] {
    map { action in
      switch action {
      case .list(let attempt, let failures): "list \(attempt) after \(failures)"
      case .watch(let attempt, let from): "watch \(attempt) from \(from)"
      case .publish(let changes): "publish \(changes.map { "\($0.record == nil ? "-" : "+")\($0.key)" })"
      case .reached(let revision): "reached \(revision)"
      case .newEpoch(let epoch): "epoch \(epoch)"
      case .advanced(let step): "advanced to \(step.to)"
      case .rewound: "rewound"
      case .checkAnchor: "anchor"
      case .proven(let revision): "proven \(revision)"
      case .wantProbe: "want probe"
      case .health(.idle): "idle"
      case .health(.connecting(let error)): error.map { "connecting: \($0.code)" } ?? "connecting"
      case .health(.loading): "loading"
      case .health(.live): "live"
      case .health(.stale(let error)): "stale: \(error.code)"
      case .health(.stopped): "stopped"
      case .health(.failed(let error)): "failed: \(error.code)"
      }
    }
  }
}
