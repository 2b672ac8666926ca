import Holdfast
import Synchronization

/// A backend whose connection can be disturbed: away altogether, watches held back, answers lost or too large, the store
/// replaced by another. As over a network, what a cancelled task asks for is not sent.
final class FaultyBackend: Backend {
  private struct State {
    var backend: any Backend
    var maximumAnswer = Int.max
    var afterTransaction: @Sendable () -> Void = {}
    var meter: ListMeter?
    var isAway = false
    var cut: KeyRange?
    var clusterID: UInt64?
    var losesWriteAnswers = false
    var losesEvents = false
    var holdsWrites = false
    var hangsOnReads = false
    var hangsOnRanges = false
    var hangingRanges = 0
    var lostGrants = 0
    var areLeasesAway = false
    var hangsOnGrants = false
    var hangingGrants = 0
    var hangsOnRevocations = false
    var held: [TransactionRequest] = []
    var transactions = 0
    var ranges = 0
    var writes = 0
  }

  private let state: Mutex<State>

  init(_ backend: any Backend) { state = Mutex(State(backend: backend)) }

  var backend: any Backend { state.withLock { $0.backend } }

  /// The store is restored from a backup: another one takes its place. Watches find out when they are interrupted.
  func replace(by backend: any Backend) { state.withLock { $0.backend = backend } }

  /// Ranges with more bytes than this are refused, as a client does.
  func setMaximumAnswer(_ bytes: Int) { state.withLock { $0.maximumAnswer = bytes } }

  /// Called when a transaction has been answered, before its sender knows.
  func afterTransaction(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.afterTransaction = body } }

  /// Lists pass through this.
  func setMeter(_ meter: ListMeter) { state.withLock { $0.meter = meter } }

  /// Every request fails, and watches are interrupted.
  func setAway(_ isAway: Bool) {
    state.withLock {
      $0.isAway = isAway
      $0.cut = isAway ? .all : nil
    }
  }

  /// Watches, those of a range or all, deliver nothing; requests work.
  func setWatchCut(_ isCut: Bool, of range: KeyRange = .all) { state.withLock { $0.cut = isCut ? range : nil } }

  /// Watches lose what happens, and say nothing: what some servers do.
  func setLosesEvents(_ loses: Bool) { state.withLock { $0.losesEvents = loses } }
  fileprivate var losesEvents: Bool { state.withLock { $0.losesEvents } }

  /// Writes are applied, and their answers lost.
  func setLosesWriteAnswers(_ loses: Bool) { state.withLock { $0.losesWriteAnswers = loses } }

  /// Writes stay on their way, and their senders are told that the connection broke.
  func setHoldsWrites(_ holds: Bool) { state.withLock { $0.holdsWrites = holds } }

  /// What was on its way arrives.
  func deliverHeld() async throws {
    for request in state.withLock({ $0.held }) { _ = try await backend.transact(request) }
  }

  /// So many grants of leases are carried out, and their answers lost.
  func setLostGrants(_ count: Int) { state.withLock { $0.lostGrants = count } }

  /// Leases cannot be granted, nor kept alive.
  func setLeasesAway(_ areAway: Bool) { state.withLock { $0.areLeasesAway = areAway } }

  /// Grants are answered when this is over.
  func setHangsOnGrants(_ hangs: Bool) { state.withLock { $0.hangsOnGrants = hangs } }

  /// The grants that hang, or did.
  var hangingGrants: Int { state.withLock { $0.hangingGrants } }

  /// Revocations are never answered.
  func setHangsOnRevocations(_ hangs: Bool) { state.withLock { $0.hangsOnRevocations = hangs } }

  /// Transactions that only read are never answered.
  func setHangsOnReads(_ hangs: Bool) { state.withLock { $0.hangsOnReads = hangs } }

  /// Ranges are never answered.
  func setHangsOnRanges(_ hangs: Bool) { state.withLock { $0.hangsOnRanges = hangs } }

  /// The ranges that hang, or did.
  var hangingRanges: Int { state.withLock { $0.hangingRanges } }

  /// The transactions that were sent and could write.
  var writes: Int { state.withLock { $0.writes } }

  var transactions: Int { state.withLock { $0.transactions } }
  var ranges: Int { state.withLock { $0.ranges } }

  static let away = HoldfastError(.unavailable, "the store is away", outcome: .refused)

  fileprivate func isWatchCut(_ range: KeyRange) -> Bool { state.withLock { $0.cut?.overlaps(range) ?? false } }

  private func pass() throws(HoldfastError) {
    if Task.isCancelled { throw HoldfastError(.cancelled, "not sent", outcome: .refused) }
    if state.withLock({ $0.isAway }) { throw Self.away }
  }

  var limits: BackendLimits { backend.limits }

  func range(_ request: RangeRequest) async throws(HoldfastError) -> RangeResponse {
    try pass()
    let hangs = state.withLock { state in
      state.ranges += 1
      if state.hangsOnRanges { state.hangingRanges += 1 }
      return state.hangsOnRanges
    }
    if hangs {
      try? await Task.sleep(for: .seconds(3_600))
      throw HoldfastError(.cancelled, "gave up")
    }
    let meter = state.withLock { $0.meter }
    try await meter?.begin(request)
    defer { meter?.end(request) }
    var answer = try await backend.range(request)
    // A restored store keeps its ids.
    answer.header.clusterID = state.withLock { state in
      let clusterID = state.clusterID ?? answer.header.clusterID
      state.clusterID = clusterID
      return clusterID
    }
    let bytes = answer.keyValues.reduce(0) { $0 + $1.value.count }
    guard bytes <= state.withLock({ $0.maximumAnswer }) else {
      throw HoldfastError(.resourceExhausted, "an answer of \(bytes) bytes")
    }
    return answer
  }

  func put(_ request: PutRequest) async throws(HoldfastError) -> PutResponse {
    try pass()
    return try await backend.put(request)
  }

  func deleteRange(_ request: DeleteRangeRequest) async throws(HoldfastError) -> DeleteRangeResponse {
    try pass()
    return try await backend.deleteRange(request)
  }

  func transact(_ request: TransactionRequest) async throws(HoldfastError) -> TransactionResponse {
    try pass()
    let isWrite = request.success.contains { if case .range = $0 { false } else { true } }
    let isHeld = state.withLock { state in
      state.transactions += 1
      if isWrite { state.writes += 1 }
      if isWrite, state.holdsWrites { state.held.append(request) }
      return isWrite && state.holdsWrites
    }
    if isHeld { throw HoldfastError(.unavailable, "the connection broke", outcome: .unknown) }
    if !isWrite, state.withLock({ $0.hangsOnReads }) {
      try? await Task.sleep(for: .seconds(3_600))
      throw HoldfastError(.cancelled, "gave up")
    }
    let response = try await backend.transact(request)
    state.withLock { $0.afterTransaction }()
    if isWrite, state.withLock({ $0.losesWriteAnswers }) {
      throw HoldfastError(.unavailable, "the answer was lost", outcome: .unknown)
    }
    return response
  }

  func compact(_ request: CompactRequest) async throws(HoldfastError) -> ResponseHeader {
    try await backend.compact(request)
  }

  func watch(_ request: WatchRequest) -> WatchUpdates {
    WatchUpdates { FaultyWatch(self, request) }
  }

  func grantLease(id: LeaseID?, ttl: Duration) async throws(HoldfastError) -> Lease {
    if state.withLock({ $0.areLeasesAway }) { throw Self.away }
    if state.withLock({ $0.hangsOnGrants }) {
      state.withLock { $0.hangingGrants += 1 }
      try? await eventually { !self.state.withLock { $0.hangsOnGrants } }
    }
    let lease = try await backend.grantLease(id: id, ttl: ttl)
    let isLost = state.withLock { state in
      guard state.lostGrants > 0 else { return false }
      state.lostGrants -= 1
      return true
    }
    if isLost { throw HoldfastError(.unavailable, "the answer was lost", outcome: .unknown) }
    return lease
  }

  func revokeLease(_ id: LeaseID) async throws(HoldfastError) -> ResponseHeader {
    try pass()
    if state.withLock({ $0.hangsOnRevocations }) {
      try? await Task.sleep(for: .seconds(3_600))
      throw HoldfastError(.cancelled, "gave up", outcome: .unknown)
    }
    return try await backend.revokeLease(id)
  }

  func keepLeaseAlive(_ id: LeaseID) async throws(HoldfastError) -> Lease {
    try pass()
    if state.withLock({ $0.areLeasesAway }) { throw Self.away }
    return try await backend.keepLeaseAlive(id)
  }

  func timeToLive(of id: LeaseID, keys: Bool) async throws(HoldfastError) -> LeaseTimeToLive {
    try await backend.timeToLive(of: id, keys: keys)
  }

  func leases() async throws(HoldfastError) -> [LeaseID] { try await backend.leases() }
  func status() async throws(HoldfastError) -> BackendStatus { try await backend.status() }
  func run() async { await backend.run() }
}

/// Resumes by itself after its last event, as the etcd client does.
private final class FaultyWatch: WatchSource {
  private struct State {
    var request: WatchRequest
    var inner: (any WatchSource)?
    var isInterrupted = false
  }

  private let owner: FaultyBackend
  private let range: KeyRange
  private let state: Mutex<State>

  private var isCut: Bool { owner.isWatchCut(range) }

  init(_ owner: FaultyBackend, _ request: WatchRequest) {
    (self.owner, range) = (owner, request.range)
    state = Mutex(State(request: request))
  }

  func next() async throws(HoldfastError) -> WatchUpdate? {
    while true {
      if isCut {
        let isNew = state.withLock { state in
          defer { state.isInterrupted = true }
          state.inner = nil
          return !state.isInterrupted
        }
        if isNew { return .interrupted(FaultyBackend.away) }
        do { try await eventually { !self.isCut || Task.isCancelled } } catch { return nil }
        if Task.isCancelled { return nil }
        continue
      }
      let inner = state.withLock { state in
        state.isInterrupted = false
        let inner = state.inner ?? owner.backend.watch(state.request).makeSource()
        state.inner = inner
        return inner
      }
      // A cut must be noticed while nothing happens: whoever cuts writes afterwards, which wakes the watch.
      let update = try await inner.next()
      if isCut { continue }
      state.withLock { state in
        if case .batch(let batch) = update, let last = batch.events.last {
          state.request.startRevision = last.modRevision.next
        }
      }
      if owner.losesEvents, case .batch(let batch) = update {
        return .progress(WatchProgress(revision: batch.events.last?.modRevision ?? .zero, isOrdered: true))
      }
      return update
    }
  }
}
