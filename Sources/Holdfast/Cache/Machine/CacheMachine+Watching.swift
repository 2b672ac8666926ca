import HoldfastCore

extension CacheMachine {
  mutating func watchStarted(_ header: ResponseHeader) -> [Action] {
    if let revision, header.revision < revision {
      // A member that lags and a store that went back look the same here. A linearizable list tells them apart.
      let cause = HoldfastError(
        .unavailable,
        "the member that serves the watch is at revision \(header.revision), the cache at \(revision): "
          + "it lags, or the store was restored; listing again")
      return resync(cause)
    }
    guard let revision else { return [] }
    return checkAnchor(at: revision, base)
  }

  private mutating func checkAnchor(
    at revision: Revision, _ records: RecordMap
  ) -> [Action] {
    let anchor = historyAnchor(at: revision, records)
    self.anchor = (anchor, highestKnown)
    return [.checkAnchor(attempt: attempt, anchor.request)]
  }

  /// The watch counts once the store is known to have the past of what is held.
  mutating func anchored(_ answer: RangeResponse) -> [Action] {
    guard let (anchor, known) = anchor else { return [] }
    self.anchor = nil
    let isProof = anchor.request.revision != revision
    let held = isProof ? snapshotRecords : base
    guard anchor.holds(in: answer, held.holds) else { return rewound() }
    if let known, answer.header.revision < known { return suspect(answer.header.revision, known) }
    // Two histories may agree at either revision and differ at the other: the base may be of one, the proof of the other.
    if let proof, !isProof { return checkAnchor(at: proof.revision, snapshotRecords) }
    isStanding = true
    know(answer.header.revision)
    guard let reached = snapshotRevision, answer.header.revision > reached else { return becomeLive() }
    // What the store had by now may concern others only. A probe tells.
    awaited = answer.header.revision
    return [.wantProbe]
  }

  /// The watch is away, and will be back by itself.
  mutating func interrupted(_ cause: HoldfastError) -> [Action] {
    isStanding = false
    return enter(.stale(cause))
  }

  private func notAnchored() -> HoldfastError {
    HoldfastError(.internal, "the watch of \(range) went on before the store's past was known")
  }

  /// Takes whole revisions, all of them in one step.
  mutating func apply(_ changes: [CacheChange]) -> [Action] {
    guard let revision else { return [] }
    if anchor != nil { return resync(notAnchored()) }
    // Checked before anything is applied: a batch is taken whole or not at all.
    if let problem = problem(with: changes) { return resync(violation(problem)) }
    let fresh = changes.drop { $0.revision <= revision }
    // The last event alone says how far the base is. The response's header is the store's revision when it answered, and
    // many more events may be on their way below that.
    guard let last = fresh.last?.revision else { return [] }
    if contradicts(fresh, through: last) || !followsProof(fresh, through: last) { return rewound() }
    if overlay.isEmpty {
      // Readers see the base and nothing else.
      let changes = put(fresh)
      overlay.evict(through: last)
      return move(to: last, publish(changes), changes)
    }
    var touched = TouchedKeys()
    for change in fresh { touch(change.key, &touched) }
    touchEvictions(through: last, &touched)
    let changes = put(fresh)
    overlay.evict(through: last)
    return move(to: last, publish(touched), changes)
  }

  /// Progress that may have come before the events it covers moves nothing.
  mutating func advance(_ progress: WatchProgress) -> [Action] {
    if anchor != nil { return resync(notAnchored()) }
    guard progress.isOrdered, let revision, progress.revision > revision else { return [] }
    guard progress.revision.next > progress.revision else {
      return resync(violation("the watch claimed the impossible revision \(progress.revision)"))
    }
    if contradicts([], through: progress.revision) || !followsProof([], through: progress.revision) { return rewound() }
    var touched = TouchedKeys()
    touchEvictions(through: progress.revision, &touched)
    overlay.evict(through: progress.revision)
    return move(to: progress.revision, publish(touched))
  }

  private mutating func followsProof(_ changes: ArraySlice<CacheChange>, through last: Revision) -> Bool {
    proof?.follow(changes, through: last, from: base) ?? true
  }

  /// Whether the base, with these changes, would still have something that an acknowledged write of before has replaced: then
  /// the changes are of another history than that write.
  func contradicts(_ changes: ArraySlice<CacheChange>, through revision: Revision) -> Bool {
    var isContradicted = false
    var news: [Key: Revision?]?
    func held(_ key: Key) -> Revision? {
      let known = news ?? Dictionary(changes.map { ($0.key, $0.record?.modRevision) }) { $1 }
      news = known
      return known[key] ?? base[key]?.modRevision
    }
    func look(_ key: Key) {
      guard let written = overlay.revision(of: key), written <= revision, let held = held(key) else { return }
      if held < written { isContradicted = true }
    }
    overlay.forEachEviction(
      through: revision, key: look,
      range: { range in
        base.forEach(in: range) { element in
          look(element.key)
          return !isContradicted
        }
        for change in changes where range.contains(change.key) { look(change.key) }
      })
    return isContradicted
  }

  private mutating func move(
    to newRevision: Revision, _ published: [Action], _ changes: [BaseChange] = []
  ) -> [Action] {
    let before = revision ?? newRevision
    revision = newRevision
    know(newRevision)
    failures = 0
    hasMoved = true
    if let proof, proof.revision <= newRevision { self.proof = nil }
    confirmations.reach(newRevision)
    return published + [.reached(newRevision)] + stepped(from: before, with: changes) + becomeLive()
  }

  private func problem(with changes: [CacheChange]) -> String? {
    var last = Revision.zero
    for change in changes {
      guard range.contains(change.key) else { return "the watch reported \(change.key), which was not asked for" }
      guard change.revision >= last, change.revision > .zero else {
        return "the watch reported revision \(change.revision) after \(last)"
      }
      last = change.revision
    }
    return last.next > last ? nil : "the watch claimed the impossible revision \(last)"
  }
}
