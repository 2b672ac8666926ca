import HoldfastCore

/// What waits for one consumer of a cache's changes, and what becomes of it when it is too much: pure.
///
/// What is handed in costs the cache little: a filter by range, and at the limit one reference to the base.
package struct ChangeQueue: Sendable {
  package enum Input: Sendable {
    /// The base moved, and is this now.
    case advanced(BaseStep, base: RecordMap)
    /// The consumer asks for more.
    case demanded
    /// What `needBase` asked for is at hand, as of this revision.
    case based(Revision, epoch: Int)
    /// There will be no more steps.
    case ended(HoldfastError)
  }

  package enum Action: Sendable {
    /// The consumer, if it waits, should ask again.
    case wake
    case deliver(ChangeBatch)
    /// Answer with `based` in the same step in which the base is read.
    case needBase
    /// Deliver the net difference to the base.
    case resync(ChangeLoss)
    /// Nothing more comes after this error.
    case finish(HoldfastError)
  }

  private enum State {
    case following
    /// Behind what waits, changes were dropped.
    case lost(ChangeLoss)
    /// What waits is delivered, and then the error.
    case ending(HoldfastError)
    case finished
  }

  package let range: KeyRange
  package let policy: ChangePolicy
  /// After how many revisions that do not concern the range the consumer is told how far it is; nil for never.
  private let progressInterval: Int?
  private var state = State.following
  /// Of the last step.
  private var epoch: Int
  private var waiting = Fifo<ChangeBatch>()
  private var skipped = 0
  package private(set) var entries = 0
  package private(set) var bytes = 0

  /// Of a consumer that was told the range in this epoch.
  package init(range: KeyRange, policy: ChangePolicy, epoch: Int, progressInterval: Int?) {
    (self.range, self.policy, self.epoch, self.progressInterval) = (range, policy, epoch, progressInterval)
  }

  /// Of a consumer that was told the range at a revision, or that is told the present by somebody else; nil when the history
  /// since is not known.
  package init?(
    range: KeyRange, policy: ChangePolicy, after told: Revision?, of machine: CacheMachine,
    _ history: HistoryWindow
  ) {
    // A quarter of the window, so that the revision that was told last is inside as a rule.
    let interval = history.limit.revisions > 0 ? max(1, history.limit.revisions / 4) : nil
    self.init(range: range, policy: policy, epoch: machine.epoch, progressInterval: interval)
    guard let told else { return }
    guard let missed = try? history.step(after: told) else { return nil }
    _ = handle(.advanced(missed, base: machine.base))
  }

  package mutating func handle(_ input: Input) -> [Action] {
    switch input {
    case .advanced(let step, let base): advance(step, base)
    case .demanded: demand()
    case .based(let revision, let epoch): catchUp(to: revision, epoch)
    case .ended(let error): end(error)
    }
  }

  private mutating func advance(_ step: BaseStep, _ base: RecordMap) -> [Action] {
    // Who has lost something is told as soon as there is something to compare with.
    if case .lost = state { return [.wake] }
    guard case .following = state else { return [] }
    switch step.kind {
    case .forgotten(let held):
      // What waits is true all the same.
      state = .lost(ChangeLoss(base: held, dropped: Fifo(), range: range, epoch: epoch))
      return []
    case .loaded: return []
    case .changes: return take(step, base, isResync: false)
    case .resync: return take(step, base, isResync: true)
    }
  }

  private mutating func take(
    _ step: BaseStep, _ base: RecordMap, isResync: Bool
  ) -> [Action] {
    let changes = step.changes.filter { range.contains($0.key) && !$0.isLeftOut }
    guard isResync || !changes.isEmpty else { return skip(step) }
    let batch = ChangeBatch(changes, at: step.to, isResync: isResync, beginsEpoch: step.epoch != epoch)
    epoch = step.epoch
    return append(batch, base)
  }

  /// What does not concern the range takes the consumer further all the same, but rarely wakes it.
  private mutating func skip(_ step: BaseStep) -> [Action] {
    if !waiting.isEmpty {
      waiting.changeLast { $0.revision = step.to }
      return []
    }
    skipped += step.revisions.count
    guard let progressInterval, skipped >= progressInterval else { return [] }
    return append(ChangeBatch([], at: step.to, isResync: false, beginsEpoch: false), RecordMap())
  }

  private mutating func append(_ batch: ChangeBatch, _ base: RecordMap) -> [Action] {
    let isFull = entries + batch.entries > policy.entries || bytes + batch.bytes > policy.bytes
    if isFull, policy.kind == .backPressure {
      state = .ending(
        HoldfastError(
          .resourceExhausted,
          "the consumer of changes in \(range) is behind by \(entries) changes (\(bytes) bytes), and more do not fit"))
      return [.wake]
    }
    skipped = 0
    if policy.kind == .conflate, !waiting.isEmpty {
      // There is never more than one.
      waiting.changeLast {
        $0.merge(batch)
        (entries, bytes) = ($0.entries, $0.bytes)
      }
    } else {
      waiting.append(batch)
      (entries, bytes) = (entries + batch.entries, bytes + batch.bytes)
    }
    if entries > policy.entries || bytes > policy.bytes { drop(base) }
    return [.wake]
  }

  private mutating func drop(_ base: RecordMap) {
    state = .lost(ChangeLoss(base: base, dropped: waiting, range: range, epoch: epoch))
    waiting = Fifo()
    (entries, bytes) = (0, 0)
  }

  private mutating func demand() -> [Action] {
    if let batch = waiting.popFirst() {
      (entries, bytes) = (entries - batch.entries, bytes - batch.bytes)
      return [.deliver(batch)]
    }
    switch state {
    case .following: return []
    case .lost: return [.needBase]
    case .ending(let error):
      state = .finished
      return [.finish(error)]
    case .finished: return []
    }
  }

  private mutating func catchUp(to revision: Revision, _ epoch: Int) -> [Action] {
    guard case .lost(let loss) = state else { return [] }
    state = .following
    self.epoch = epoch
    return [.resync(loss)]
  }

  private mutating func end(_ error: HoldfastError) -> [Action] {
    switch state {
    case .following, .lost: state = .ending(error)
    case .ending, .finished: return []
    }
    return [.wake]
  }
}
