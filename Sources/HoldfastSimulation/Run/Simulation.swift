import Holdfast
import HoldfastCore
import HoldfastEmbedded
import HoldfastEtcdMachines

/// One run: a cluster, its clients and their caches, and a scheduler that lets one thing happen after the other. A function
/// of its choices, and so of its seed.
final class Simulation {
  var choices: Choices
  var cluster: SimulatedCluster
  var oracle = Oracle()
  var clients: [SimulatedClient] = []
  var caches: [SimulatedCache] = []
  var calls: [SimulatedCall] = []
  var packets: [Packet] = []
  var streams: [SimulatedStream] = []
  var operations: [SimulatedOperation] = []
  /// Calls that a faulty server answered from its past.
  var staleCalls: Set<Int> = []
  var registers = RegisterHistories()
  var reads: [SimulatedRead] = []
  /// Up to where the store has told anybody what it holds, in the current history.
  var acknowledged = Revision.zero
  var outcomes: [WriteRecord] = []
  var leases: [LeaseID] = []
  /// Those that were granted for one write each.
  var ownLeases: Set<LeaseID> = []
  var consumers: [SimulatedConsumer] = []

  var now = Duration.zero
  var step = 0
  var lastID = 0
  var lastToken: UInt32 = 0
  /// The most revisions that a watch which catches up is sent at once.
  var batchRevisions = 1_000
  /// How long a watch bears silence.
  var watchTiming = WatchTiming()
  let losesEvents: Bool
  private var weights: [Int]

  var violation: Violation?
  var record = RunRecord()
  /// What happened, in words; told only when somebody wants to know.
  let isTracing: Bool
  var trace: [String] = []
  var fingerprint = Fingerprint()

  init(_ options: SimulationOptions, choices: Choices, isTracing: Bool = false) {
    self.choices = choices
    self.isTracing = isTracing
    weights = StepKind.allCases.map(\.weight)
    losesEvents = options.losesEvents
    cluster = SimulatedCluster(profile: options.profile, members: 1)
    setUp(options.profile)
  }

  private func setUp(_ profile: Profile) {
    let members = choices.chance(50) ? 3 : 1
    cluster = SimulatedCluster(profile: profile, members: members)
    // Swarm: each run has some kinds of faults, in measures of its own.
    for kind in StepKind.faults { weights[kind.rawValue] = kind.faultWeight * choices.draw(4) }
    weights[StepKind.restore.rawValue] = choices.draw(5) == 0 ? 1 : 0
    if choices.draw(4) == 0 { weighQuietFaults() }
    batchRevisions = choices.pick([1, 2, 5, 1_000]) ?? 1_000
    // Short, so that progress is asked for while there is something to tell.
    watchTiming.silence = choices.pick([.seconds(15), .seconds(2), .milliseconds(200)]) ?? .seconds(15)
    for client in 0...choices.pick(3) {
      let first = choices.pick(members)
      clients.append(SimulatedClient(members: (0..<members).map { (first + $0) % members }))
      let limit = OverlayLimit(entries: choices.pick([2, 1_000]) ?? 1_000)
      let count = 1 + choices.pick(2)
      for index in 0..<count {
        let keyspace = count == 2 ? Keys.keyspaces[index] : Keys.keyspaces[choices.pick(4) / 3]
        let history = HistoryWindow.Limit(
          revisions: choices.pick([1_000, 6, 2, 0]) ?? 0, bytes: choices.pick([1_000_000, 200]) ?? 0)
        caches.append(SimulatedCache(client: client, keyspace: keyspace, overlay: limit, history: history))
      }
    }
    addCachesOfEqualRange()
    for cache in caches.indices { startCache(cache) }
  }

  /// Some runs have a network and members without faults: there caches are live, and what is wrong is what nobody says.
  private func weighQuietFaults() {
    for kind in StepKind.faults { weights[kind.rawValue] = 0 }
    for kind in StepKind.quietFaults { weights[kind.rawValue] = kind.faultWeight * choices.draw(6) }
    weights[StepKind.verify.rawValue] *= 3
  }

  /// Lets so many things happen, then ends all faults, and waits until everything has come to rest.
  func run(steps: Int) {
    var idle = 0
    while step < steps, violation == nil, choices.beginStep() {
      let before = now
      now += .milliseconds(1)
      if happen() {
        step += 1
        idle = 0
      } else {
        // What did not happen leaves no trace: a repetition goes without it.
        now = before
        choices.dropStep()
        idle += 1
        if idle > 1_000 { break }
      }
    }
    record.steps = step
    if violation == nil { settle() }
    if violation == nil { judge() }
  }

  private func happen() -> Bool {
    guard let kind = choices.pick(weights: weights).flatMap(StepKind.init(rawValue:)), perform(kind) else {
      return false
    }
    fingerprint.add(UInt64(kind.rawValue))
    return true
  }

  private func perform(_ kind: StepKind) -> Bool {
    switch kind {
    case .operate: operate()
    case .writeElsewhere: writeElsewhere()
    case .read: read()
    case .deliverRequest: deliverRequest()
    case .deliverAnswer: deliverAnswer()
    case .replicate: replicate()
    case .serveStream: serveStream()
    case .receiveMessage: receiveMessage()
    case .tick: tick()
    case .loseRequest: loseRequest()
    case .loseAnswer: loseAnswer()
    case .refuseRequest: refuseRequest()
    case .resetCall: resetCall()
    case .breakStream: breakStream()
    case .silenceStream: silenceStream()
    case .cancelWatch: cancelWatch()
    case .refuseWatch: refuseWatch()
    case .reportProgress: reportProgress()
    case .desyncWatch: desyncWatch()
    case .compact: compact()
    case .partition: partition()
    case .heal: heal()
    case .stopMember: stopMember()
    case .startMember: startMember()
    case .restore: restore()
    case .expireLease: expireLease()
    case .restartCache: restartCache()
    case .followChanges: followChanges()
    case .hearNothing: hearNothing()
    case .verify: verify()
    case .skipEvent: skipEvent()
    case .stallWatch: stallWatch()
    case .changePermission: changePermission()
    }
  }

  func nextID() -> Int {
    lastID += 1
    return lastID
  }

  func nextToken() -> UInt32 {
    lastToken += 1
    return lastToken
  }

  func tell(_ text: @autoclosure () -> String) {
    if isTracing { trace.append("\(step): \(text())") }
  }

  /// Counts a check of an invariant, and keeps the first that fails.
  func check(_ invariant: Invariant, _ holds: Bool, _ message: @autoclosure () -> String) {
    record.checks[invariant.rawValue] += 1
    if holds || violation != nil { return }
    violation = Violation(invariant: invariant, step: step, message: message())
    tell("VIOLATION of \(invariant.name): \(message())")
  }

  func inject(_ fault: Fault) {
    record.faults[fault, default: 0] += 1
    tell("fault: \(fault.name)")
  }
}
