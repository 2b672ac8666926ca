import Holdfast
import HoldfastCore
import HoldfastEtcdMachines

/// A cache: the real machine, what its readers see, and what it waits for.
struct SimulatedCache {
  typealias Machine = CacheMachine

  enum Work {
    case none
    case backOff(attempt: Int, until: Duration)
    /// Waits for its turn to list, or for the list of another cache.
    case queue(attempt: Int)
    case list(attempt: Int, ListMachine)
    case watch(attempt: Int, SimulatedWatch)
  }

  let client: Int
  let keyspace: Keyspace<SimulatedValue>
  var machine: Machine
  var work = Work.none
  /// Up to where the store had told anybody what it holds when the cache asked for a list, and how often it had been restored.
  var listFloor = (revision: Revision.zero, restores: 0)
  /// Whether a faulty server answered the list that it leads.
  var isListStale = false
  var isRunning = false
  /// Whether what it has reached does not count any more.
  var isRewound = false
  /// Whether it takes nothing more from its watch until the store has been asked.
  var isAnchoring = false
  /// What its readers see of each of the simulation's keys.
  var index: [CacheRecord?]
  var isReadable = false
  var observed = Observations()
  /// The simulation's keys that it covers.
  let keys: [Int]
  var probes = ProbeSharing()
  /// When the watchdog looks after it next.
  var nextProbe = Duration.zero
  /// Whether a faulty server told it that the store had no more than it has.
  var isMisled = false
  /// Whether a server left something out of its watch since its last list: what it holds may be wrong.
  var isLossy = false
  /// Whether it remembers what it held then.
  var hasLossyPast = false
  /// Whether it was told that what it holds is wrong, and has not listed since.
  var isKnownWrong = false
  /// Whether the store refused its last probe.
  var isForbidden = false
  /// What it remembers of its base, and where lists have left gaps.
  var window: HistoryWindow
  var gaps: [(from: Revision, to: Revision)] = []

  init(
    client: Int, keyspace: Keyspace<SimulatedValue>, overlay: OverlayLimit, history: HistoryWindow.Limit
  ) {
    self.client = client
    self.keyspace = keyspace
    machine = Machine(range: keyspace.range, overlayLimit: overlay)
    machine.reportsSteps = true
    window = HistoryWindow(limit: history)
    index = Array(repeating: nil, count: Keys.all.count)
    keys = Keys.all.indices.filter { keyspace.range.contains(Keys.all[$0]) }
  }

  /// The base of the cache's keys, in their order.
  var base: [(index: Int, keyValue: KeyValue?)] { keys.map { ($0, machine.base[Keys.all[$0]]?.keyValue) } }
}

/// A watch of a cache, as the client's shell runs it.
struct SimulatedWatch {
  var machine: WatchMachine
  var actions: [WatchMachine.Action] = []
  var stream: Int?
  var turn: EndpointMachine.Turn?
  /// Until when a message must come.
  var deadline: Duration?
  /// Until when it backs off.
  var wakes: Duration?
  /// The answer that tells which member serves a stream, and when it comes.
  var status: (answer: WatchMachine.Input, due: Duration)?

  let range: KeyRange

  init(range: KeyRange, from revision: Revision, timing: WatchTiming) {
    self.range = range
    machine = WatchMachine(range: range, from: revision, timing: timing)
  }

  mutating func handle(_ input: WatchMachine.Input) {
    let next = machine.handle(input)
    if next.isEmpty { return }
    // What was planned is overtaken by an outage or the end, except for what is still to be reported.
    switch next.first {
    case .leaveEndpoint, .fail: actions.removeAll { if case .report = $0 { false } else { true } }
    default: break
    }
    actions += next
    deadline = nil
    wakes = nil
  }
}

/// What the readers of a cache have seen, and so must not see undone.
struct Observations {
  enum Reason { case seen, gone, written, deleted }

  typealias Floor = (revision: Revision, reason: Reason)

  /// Of each key the lowest revision that it may still show, in this epoch, and why.
  var floors: [Floor]
  /// The revision of the last snapshot.
  var snapshot = Revision.zero
  /// The same, where snapshots state a revision that was proven.
  var proven = Revision.zero
  /// The keys whose values did not decode.
  var quarantined: Set<Int> = []
  /// Whether the cache has dropped all that it held.
  var isForgotten = false
  /// How often the store had been restored when the cache began its last epoch.
  var restores = 0
  /// The oldest history that the base can belong to; what acknowledged writes show may be of one before, as long as it is
  /// not known that the store was restored.
  var history = 0
  var oldest = 0

  init() { floors = Array(repeating: (.zero, .gone), count: Keys.all.count) }

  mutating func raise(_ key: Int, to revision: Revision, _ reason: Reason) {
    if revision > floors[key].revision { floors[key] = (revision, reason) }
  }

  mutating func beginEpoch() {
    oldest = history
    floors = Array(repeating: (.zero, .gone), count: Keys.all.count)
    (snapshot, proven) = (.zero, .zero)
  }
}
