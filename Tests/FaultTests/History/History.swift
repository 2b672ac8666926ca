import Synchronization

/// A value as somebody saw it. Of what does not decode only the revision is known.
struct Seen: Hashable, Sendable {
  /// What no other write of the run holds; nil for bytes that are no value.
  var token: Int?
  var modRevision: Int64
  var createRevision: Int64 = 0
  var version: Int64 = 0
}

/// From the call to the return, in instants of the whole run: what ended before something else began came before it.
struct Span: Hashable, Sendable {
  var start: Int
  var end: Int
}

/// One read of a cache, in one step.
struct ReadRecord: Sendable {
  enum Mode: Hashable, Sendable {
    case local
    case snapshot
    /// A snapshot that had to include what the store had acknowledged before.
    case ownSnapshot
    /// A snapshot that had to include what anybody had been acknowledged before.
    case linearizable
    /// The same, of what had been acknowledged so long before.
    case bounded(Duration)
  }

  var cache: Int
  var span: Span
  var mode: Mode
  /// The revision that came with it, if one did.
  var revision: Int64?
  /// The keys that were asked for; nil for all of them.
  var keys: [String]?
  var seen: [String: Seen]
  /// Whether the cache said that it follows, before and after.
  var isLive = true
  /// When it began, on the clock of the run.
  var time = Duration.zero
  /// The store answered and not memory, which may be behind that.
  var isFromStore = false
}

/// What the consumer of a cache's changes was told in one step.
struct UpdateRecord: Sendable {
  enum Kind: Hashable, Sendable { case initial, changes, resync }
  enum ChangeKind: Hashable, Sendable { case existing, created, modified, replaced, deleted }

  struct Change: Hashable, Sendable {
    var key: String
    var kind: ChangeKind
    var revision: Int64
    /// Nil for a delete.
    var seen: Seen?
    /// Nil also for what did not decode.
    var previous: Seen?
  }

  var cache: Int
  var kind: Kind
  var revision: Int64
  var changes: [Change]
}

/// One write, alone or a transaction of several operations.
struct WriteRecord: Sendable {
  enum Operation: Hashable, Sendable {
    case put(String, token: Int)
    case create(String, token: Int)
    case update(String, token: Int, expected: Int64)
    case delete(String)
    case deleteIf(String, expected: Int64)
    case deletePrefix(String)
  }

  enum Outcome: Hashable, Sendable {
    /// At this revision; deletes say how many keys they hit.
    case applied(at: Int64, deleted: Int)
    case refused
    case unknown
    /// It failed and did not say what became of it.
    case untold(String)
  }

  var store: Int
  var span: Span
  var operations: [Operation]
  var outcome: Outcome
  /// When it returned, on the clock of the run.
  var time: Duration
  /// Which of the histories of the store it belongs to; a restore begins the next one, and no write is on its way then.
  var epoch = 0
}

/// What a cache said of itself.
struct HealthRecord: Sendable {
  var cache: Int
  var time: Duration
  var isLive: Bool
  var revision: Int64?
}

/// What happened in a run, as its clients saw it.
struct History: Sendable {
  /// The store that each cache belongs to.
  var storeOfCache: [Int] = []
  var reads: [ReadRecord] = []
  var writes: [WriteRecord] = []
  var health: [HealthRecord] = []
  /// In the order in which each consumer was told.
  var updates: [UpdateRecord] = []
}

/// Collects a history from many tasks, and counts its instants.
final class Recorder: Sendable {
  private struct State {
    var instant = 0
    var token = 0
    var history: History
    var acknowledged = 0
    var epoch = 0
    var failures: [String: Int] = [:]
    var told: [Int: Int64] = [:]
  }

  private let state: Mutex<State>
  private let start = ContinuousClock.now

  let storeOfCache: [Int]

  init(storeOfCache: [Int]) {
    self.storeOfCache = storeOfCache
    state = Mutex(State(history: History(storeOfCache: storeOfCache)))
  }

  var time: Duration { ContinuousClock.now - start }
  var history: History { state.withLock { $0.history } }
  var attempts: Int { state.withLock { $0.history.writes.count } }
  var acknowledged: Int { state.withLock { $0.acknowledged } }
  /// How often writes failed, by code.
  var failures: [String: Int] { state.withLock { $0.failures } }

  func instant() -> Int {
    state.withLock { state in
      state.instant += 1
      return state.instant
    }
  }

  func token() -> Int {
    state.withLock { state in
      state.token += 1
      return state.token
    }
  }

  func add(_ read: ReadRecord) { state.withLock { $0.history.reads.append(read) } }

  func add(_ update: UpdateRecord) {
    state.withLock { state in
      state.history.updates.append(update)
      state.told[update.cache] = update.revision
    }
  }

  /// How far the consumer of a cache's changes is.
  func told(_ cache: Int) -> Int64 { state.withLock { $0.told[cache, default: 0] } }

  func add(_ health: HealthRecord) { state.withLock { $0.history.health.append(health) } }

  /// From now on writes go to a restored store.
  func beginEpoch() { state.withLock { $0.epoch += 1 } }

  func add(_ write: WriteRecord, failure: String?) {
    state.withLock { state in
      var write = write
      write.epoch = state.epoch
      state.history.writes.append(write)
      if case .applied = write.outcome { state.acknowledged += 1 }
      if let failure { state.failures[failure, default: 0] += 1 }
    }
  }
}
