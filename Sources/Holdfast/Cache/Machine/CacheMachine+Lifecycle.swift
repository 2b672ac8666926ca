import HoldfastCore

extension CacheMachine {
  mutating func start() -> [Action] {
    guard case .nothing = activity else { return [] }
    // What a stop left behind goes away in one step, so that nothing old is ever taken for loaded; the first list then
    // comes as additions.
    var touched = TouchedKeys()
    touchEverything(&touched)
    base = RecordMap()
    overlay = CacheOverlay()
    revision = nil
    failures = 0
    (proof, confirmations) = (nil, Confirmations())
    return publish(touched) + requestList() + enter(.connecting(nil))
  }

  /// What readers see stays as it is: refusing them is up to the shell, which does it at once.
  mutating func stop() -> [Action] {
    activity = .nothing
    isStanding = false
    return enter(.stopped)
  }

  /// Begins the next cycle, because this one failed.
  mutating func resync(_ cause: HoldfastError) -> [Action] {
    if failures < .max { failures += 1 }
    return requestList() + enter(revision == nil ? .connecting(cause) : .stale(cause))
  }

  /// Lists again even if a list is on its way: that one may have been read before the store went back.
  mutating func rewound() -> [Action] {
    guard !isRewound else { return [] }
    isRewound = true
    return [.rewound] + resync(HoldfastError(.unavailable, "the store went back to an older revision; listing again"))
  }

  /// A quorum read was answered below what was known when it was sent.
  mutating func suspect(_ answered: Revision, _ known: Revision) -> [Action] {
    lowAnswers += 1
    isDoubtful = true
    let text = "the store answered at revision \(answered), after \(known): it was restored, or a member is behind"
    return resync(HoldfastError(.unavailable, "\(text); listing \(range) again"))
  }

  /// A list repairs it by difference. One that is on its way was asked for when something else was wrong, and does as well.
  mutating func diverged(_ cause: HoldfastError, at found: Revision, epoch: Int) -> [Action] {
    guard case .watch = activity, epoch == self.epoch, let reached = snapshotRevision, found <= reached else {
      return []
    }
    isDiverged = true
    return resync(cause)
  }

  mutating func requestList() -> [Action] {
    attempt += 1
    (anchor, isStanding, isOverdue, watchedSince, awaited) = (nil, false, false, nil, nil)
    isRefused = false
    activity = .list(known: highestKnown)
    return [.list(attempt: attempt, failures: failures)]
  }

  mutating func enter(_ phase: CachePhase) -> [Action] {
    guard phase != self.phase else { return [] }
    self.phase = phase
    return [.health(phase)]
  }

  mutating func know(_ revision: Revision) {
    highestKnown = max(highestKnown ?? revision, revision)
  }

  func violation(_ message: String) -> HoldfastError {
    HoldfastError(.protocolViolation, "\(message); listing \(range) again")
  }
}
