import Logging
public import ServiceLifecycle
import Synchronization

/// A keyspace in memory, kept in step with the store.
///
/// Reads are synchronous and local: they return the newest of what the watch has delivered and of what this process's own
/// store has had acknowledged, and never something older than before (G1, G2). Writes through the ``Store``, or through the
/// functions here, which forward to it, are in memory when they return.
///
/// Use `store.withCache(of:)`, or make one and run it as a service; `run()` may be called again after it returned. Before the
/// first complete load reads throw `notLoaded` (`notStarted` before `run()`), after it `stopped`. When the store cannot be
/// followed reads go on with the last known state, and ``health`` says so, with the cause (G8).
///
/// A value may be destroyed while the cache works on itself, so the `deinit` of what values hold must not use a cache.
public final class Cache<Value: Sendable>: Service {
  public let store: Store
  public let keyspace: Keyspace<Value>
  let configuration: CacheConfiguration
  let logger: Logger
  let index: CacheIndex
  let decoder: CacheDecoder<Value>
  let waiters: RevisionWaiters
  let healthObservers: HealthObservers
  /// What the machine wants done next. A new step makes the current one obsolete.
  let steps = Mailbox<CacheStep>()
  let probes: ProbeQueue
  private let state: Mutex<CacheState>

  /// A cache that does nothing until it is run.
  public init(of keyspace: Keyspace<Value>, in store: Store, configuration: CacheConfiguration = CacheConfiguration()) {
    self.store = store
    self.keyspace = keyspace
    self.configuration = configuration
    index = CacheIndex(prefix: keyspace.prefix)
    waiters = RevisionWaiters(configuration.time)
    probes = ProbeQueue(configuration.time)
    healthObservers = HealthObservers()
    decoder = CacheDecoder(
      keyspace, configuration.decoding, Findings(healthObservers), keyFilter: configuration.keyFilter)
    var logger = store.logger
    logger[metadataKey: "prefix"] = "\(keyspace.prefix)"
    self.logger = logger
    let limit = OverlayLimit(entries: configuration.pendingWrites, bytes: configuration.pendingBytes)
    var machine = CacheMachine(range: keyspace.range, overlayLimit: limit)
    let hub = ChangeHub(
      limit: .init(revisions: configuration.historyRevisions, bytes: configuration.historyBytes))
    machine.reportsSteps = hub.isWanted
    state = Mutex(CacheState(machine: machine, hub: hub))
  }

  /// Whether the cache follows the store, and if not, why.
  public var health: CacheHealth {
    state.withLock { state in
      takeFindings(&state)
      let (name, cause) = state.machine.phase.publicState
      return CacheHealth(
        state: name == .connecting && state.listing?.progress != nil ? .loading : name, cause: cause,
        quarantined: state.quarantined.count, revision: state.machine.revision, lag: state.machine.lag,
        progress: state.listing?.progress)
    }
  }

  /// The range exactly as it was at one revision, if that is new enough; nil otherwise, and before the first load.
  func currentSnapshot(_ goal: ReadGoal = .any) -> CacheSnapshot<Value>? {
    let now = configuration.time.now()
    return state.withLock { state in
      // Looked at where it lies: a copy of the machine would count a reference to each of its parts.
      let age = state.machine.confirmed.map { max(.zero, now - $0) }
      guard state.isCurrent, let revision = state.machine.snapshotRevision, goal.isMet(by: state.machine, age: age)
      else { return nil }
      let freshness = Freshness(source: .memory, age: age)
      return CacheSnapshot(
        store: store, decoder: decoder, revision: revision, freshness: freshness,
        records: state.machine.snapshotRecords)
    }
  }

  /// The highest revision of a write of this store in the keyspace.
  var highestAcknowledged: Revision { state.withLock { $0.machine.highestAcknowledged ?? .zero } }

  /// How long ago a quorum read was sent that confirms what is held.
  var age: Duration? {
    let now = configuration.time.now()
    return state.withLock { $0.machine.confirmed }.map { max(.zero, now - $0) }
  }

  func makeProbe() -> Probe {
    let now = configuration.time.now()
    return state.withLock { $0.machine.probe(at: now) }
  }

  /// The cluster that was listed; nil before the first load.
  var clusterID: UInt64? {
    get { state.withLock { $0.clusterID } }
    set { state.withLock { $0.clusterID = newValue } }
  }

  /// A list is on its way, and so much of it has arrived.
  func beginListing(_ attempt: Int) { state.withLock { $0.listing = (attempt, nil) } }

  /// What is told late of a list that is over is not taken.
  func note(_ progress: ListProgress, of attempt: Int) {
    state.withLock { if $0.listing?.attempt == attempt { $0.listing?.progress = progress } }
    healthObservers.notify()
  }

  func endListing(_ attempt: Int) {
    state.withLock { if $0.listing?.attempt == attempt { $0.listing = nil } }
    healthObservers.notify()
  }

  var epoch: Int { state.withLock { $0.machine.epoch } }

  /// Looks at the machine and at those who follow its changes, in one step.
  ///
  /// - Throws: ``HoldfastError`` with code `stopped` when it is not running, and what the closure throws.
  func withChanges<R: Sendable>(
    _ body: (CacheMachine, inout ChangeHub) throws -> R
  ) throws -> R {
    try state.withLock { state in
      guard state.isCurrent else { throw HoldfastError(.stopped, "the cache has been stopped") }
      defer { state.machine.reportsSteps = state.hub.isWanted }
      return try body(state.machine, &state.hub)
    }
  }

  /// How far the cache is; with it what it can say of a revision.
  ///
  /// - Throws: ``HoldfastError`` with code `notStarted`, `notLoaded` or `stopped`.
  func mark(
    _ look: (CacheMachine, ChangeHub) -> Void = { _, _ in }
  ) throws -> CacheMark {
    // Says why when there is nothing to read.
    _ = try index.size()
    return try state.withLock { state in
      guard state.isCurrent, let mark = state.machine.mark(state.lineage, clusterID: state.clusterID) else {
        // It may have been stopped since.
        _ = try index.size()
        throw HoldfastError(.notLoaded, "the cache has not loaded yet")
      }
      look(state.machine, state.hub)
      return mark
    }
  }

  /// How many acknowledged writes the watch has not confirmed yet.
  package var pendingWrites: Int { state.withLock { $0.machine.overlayCount } }

  /// Hands an input to the machine and does what it says. Readers see what is published before anybody is told of it.
  ///
  /// Returns what it wants to know before anything else of the watch is handed in.
  @discardableResult
  func handle(_ input: CacheMachine.Input) -> RangeRequest? {
    let (actions, isHealthNew) = state.withLock { state in
      let (phase, quarantined) = (state.machine.phase, state.quarantined.count)
      let actions = state.machine.handle(input)
      // What is published and the revision that it reaches are one step for readers.
      let reached = actions.lazy.compactMap(\.reached).last
      for action in actions { perform(action, reached, &state) }
      takeFindings(&state)
      let isHealthNew = state.machine.phase != phase || state.quarantined.count != quarantined
      return (actions, isHealthNew)
    }
    // A log handler may look at the cache.
    for action in actions { log(action) }
    if isHealthNew { healthObservers.notify() }
    return actions.lazy.compactMap(\.anchor).last
  }

  private func perform(
    _ action: CacheMachine.Action, _ reached: Revision?, _ state: inout CacheState
  ) {
    switch action {
    case .publish(let changes):
      for change in changes { state.quarantined.note(change) }
      index.publish(changes, reached: reached)
    case .reached(let revision):
      index.publish([], reached: revision)
      waiters.reached(max(revision, state.machine.snapshotRevision ?? revision))
    case .proven(let revision): waiters.reached(revision)
    case .advanced(let step): state.hub.advance(step, base: state.machine.base)
    case .list(let attempt, let failures): steps.put(.list(attempt: attempt, failures: failures))
    case .watch(let attempt, let revision):
      state.lineage.begin(at: configuration.time.now())
      steps.put(.watch(attempt: attempt, from: revision))
    case .checkAnchor: state.lineage.begin(at: configuration.time.now())
    case .wantProbe: probes.nudge()
    case .rewound: waiters.forget()
    case .newEpoch: break
    case .health(let phase): note(phase)
    }
  }

  /// What readers found counts for what local reads show now. They report after they have left it in the record, and
  /// what is published is looked at in the same step: nothing falls between.
  private func takeFindings(_ state: inout CacheState) {
    guard decoder.policy == .onDemand else { return }
    for record in decoder.findings.take() {
      let key = record.key
      if state.machine.visible(key) == record { state.quarantined.insert(key) }
    }
  }

  private func note(_ phase: CachePhase) {
    switch phase {
    case .connecting(let cause):
      index.set(.notLoaded(cause))
      // What had been reached is not held any more.
      waiters.forget()
    case .stopped: index.set(.stopped)
    case .idle, .loading, .live, .stale, .failed: break
    }
  }

  private func log(_ action: CacheMachine.Action) {
    switch action {
    case .newEpoch: logger.info("The store went back to an earlier state; its new history begins")
    case .health(.connecting(let cause?)):
      logger.info("The cache cannot load yet", metadata: ["error": "\(cause)"])
    case .health(.stale(let cause)):
      logger.info("The cache does not follow the store", metadata: ["error": "\(cause)"])
    case .health(.live): logger.info("The cache follows the store")
    default: break
    }
  }

  /// Begins to run.
  func begin() throws {
    try state.withLock { state in
      guard !state.isRunning else {
        throw HoldfastError(.alreadyRunning, "the cache of '\(keyspace.prefix)' runs already")
      }
      state.isRunning = true
    }
    steps.clear()
    waiters.open()
    probes.open()
    // From here on writes are collected, before the first list is sent (rule 2).
    handle(.start)
    store.add(self)
  }

  func end() {
    // While reads still work, writes must still reach them.
    handle(.stop)
    store.remove(self)
    waiters.close()
    probes.close()
    state.withLock { state in
      state.isRunning = false
      state.hub.end(HoldfastError(.stopped, "the cache has been stopped"))
      state.machine.reportsSteps = state.hub.isWanted
    }
  }
}

extension CacheMachine.Action {
  fileprivate var reached: Revision? {
    if case .reached(let revision) = self { revision } else { nil }
  }

  fileprivate var anchor: RangeRequest? {
    if case .checkAnchor(_, let request) = self { request } else { nil }
  }
}

extension Set<Key> {
  /// Keeps the keys whose values are known not to decode.
  fileprivate mutating func note(_ change: VisibleChange) {
    if change.record?.knownFailure != nil { insert(change.key) } else if !isEmpty { remove(change.key) }
  }
}

extension Cache: WriteObserver {
  var range: KeyRange { keyspace.range }

  var mark: WriteMark { state.withLock { $0.machine.mark } }

  func acknowledged(_ writes: [AcknowledgedWrite], at revision: Revision, changed: Bool, sent mark: WriteMark) -> Bool {
    handle(.acknowledged(writes.map(decoder.effect), at: revision, changed: changed, sent: mark))
    return state.withLock { $0.machine.epoch == mark.epoch && !$0.machine.isRewound }
  }

  func followed(to revision: Revision) async throws {
    do {
      try await wait(for: revision, timeout: configuration.followTimeout)
    } catch let error as HoldfastError where [.stopped, .notStarted].contains(error.code) {
      // Nothing is shown any more, and so nothing old.
    }
  }
}
