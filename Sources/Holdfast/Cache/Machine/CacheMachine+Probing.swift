package import HoldfastCore

/// How new the base is: proofs that it is all there is, and how long ago that was last known (rules 3 and 5).
extension CacheMachine {
  /// The revision that snapshots state: the base's own, or a later one at which the range was proven to be the base.
  package var snapshotRevision: Revision? { proof?.revision ?? revision }

  /// The range as it was at `snapshotRevision`.
  package var snapshotRecords: RecordMap { proof?.base ?? base }

  /// Whether a snapshot taken now has everything of the store up to a revision that was learned in an epoch.
  package func covers(_ revision: Revision, epoch: Int) -> Bool {
    guard epoch == self.epoch, !isWrong, let reached = snapshotRevision else { return false }
    return reached >= revision
  }

  /// When the newest quorum read was sent that confirms what snapshots show; nil when none does.
  package var confirmed: Duration? { isWrong || revision == nil ? nil : confirmations.newest }

  /// Whether what is held is known to be wrong, or may be of a store that is gone, until the next list.
  var isWrong: Bool { isRewound || isDoubtful || isDiverged }

  /// Revisions of the store, the whole of it, that are known not to have been followed yet.
  package var lag: Int64 {
    guard let outstanding = confirmations.outstanding, let reached = snapshotRevision else { return 0 }
    return max(0, outstanding.rawValue - reached.rawValue)
  }

  /// A probe to be sent now. It looks at the whole range, which costs the server a walk through it, where that is small, where
  /// something is known to be missing or may be, or where no watch stands that a restore would have broken; otherwise it asks for
  /// no more than the store's revision.
  package func probe(at now: Duration) -> Probe {
    var request = RangeRequest(.key(range.start))
    request.countOnly = true
    var expected: (Revision, HistoryAnchor)?
    if let revision, base.count <= Self.smallRange || confirmations.outstanding != nil || awaited != nil || !isStanding
    {
      let anchor = historyAnchor(at: nil, base)
      request = anchor.request
      expected = (revision, anchor)
    }
    return Probe(request: request, epoch: epoch, sent: now, known: highestKnown, base: expected)
  }

  private static var smallRange: Int { 1_000 }

  /// What a store that holds these records at a revision, or now, answers.
  func historyAnchor(
    at revision: Revision?, _ records: RecordMap
  ) -> HistoryAnchor {
    HistoryAnchor(
      range, at: revision, records.lazy.map(\.value.modRevision),
      isExact: exactAnchors.cover(records))
  }

  mutating func probed(_ probe: Probe, _ answer: RangeResponse) -> [Action] {
    if case .nothing = activity { return [] }
    let wasRefused = isRefused
    isRefused = false
    let found = answer.header.revision
    guard probe.epoch == epoch, !isRewound, found > .zero, found.next > found else { return [] }
    if let known = probe.known, found < known {
      // A list that was asked for since the first doubt will tell what that means.
      if isDoubtful, case .list = activity { return [] }
      return suspect(found, known)
    }
    know(found)
    let proved = prove(probe, answer)
    if proved == .otherHistory { return rewound() }
    confirmations.add(found, sent: probe.sent, reached: snapshotRevision)
    // As for a watch that was found to stand: nobody has looked at what it brings while the store refused.
    let isBehind = wasRefused && found > snapshotRevision ?? .zero
    if isBehind { awaited = found }
    return (proved == .same ? [.proven(probe.looked(at: answer))] : []) + (isBehind ? [.wantProbe] : becomeLive())
  }

  /// A store that is away answers the next one. One that refuses does not go on to confirm what the cache holds, however long its
  /// watch may still deliver.
  mutating func probeFailed(_ error: HoldfastError, _ epoch: Int) -> [Action] {
    guard case .watch = activity, epoch == self.epoch else { return [] }
    guard error.code == .permissionDenied || error.code == .unauthenticated else { return [] }
    isRefused = true
    return enter(.stale(error))
  }

  private enum Finding { case nothing, same, otherHistory }

  private mutating func prove(_ probe: Probe, _ answer: RangeResponse) -> Finding {
    guard let (sent, anchor) = probe.base else { return .nothing }
    let found = probe.looked(at: answer)
    if isOfAnotherHistory(answer, at: found, isExact: anchor.isExact) { return .otherHistory }
    // A list that is on its way may be of before: snapshots would go back with it.
    guard case .watch = activity, sent == revision, found > snapshotRevision ?? .zero else { return .nothing }
    guard anchor.holds(in: answer, base.holds) else { return .nothing }
    if contradicts([], through: found) { return .otherHistory }
    proof = Proof(revision: found)
    confirmations.reach(found)
    return .same
  }

  /// Nothing at or below the revision that snapshots state changes any more, unless the store was restored.
  private func isOfAnotherHistory(_ answer: RangeResponse, at found: Revision, isExact: Bool) -> Bool {
    guard !isDiverged, let reached = snapshotRevision, found >= reached else { return false }
    let held = snapshotRecords
    if answer.keyValues.contains(where: { $0.modRevision <= reached && !held.holds($0) }) { return true }
    guard found == reached else { return false }
    if answer.count != Int64(held.count) { return true }
    return !isExact && answer.keyValues.first?.modRevision != held.lazy.map(\.value.modRevision).max()
  }

  /// The cache is live when its watch stands, and nothing is known to be missing that the store had when it was found to stand, or
  /// that the watchdog has complained of.
  mutating func becomeLive() -> [Action] {
    guard isStanding, !isRefused, let reached = snapshotRevision, reached >= awaited ?? .zero else { return [] }
    if isOverdue, confirmations.outstandingSince != nil { return [] }
    (isOverdue, awaited) = (false, nil)
    return enter(.live)
  }

  /// Looks whether the cache still follows the store: if no quorum read has confirmed that for so long, it does not say that it
  /// does. Where the store is known to have had more for so long, and the watch has brought nothing at all, it lists again.
  mutating func lookAfter(_ now: Duration, _ limit: Duration) -> [Action] {
    guard isStanding, !isRefused else {
      watchedSince = nil
      return []
    }
    if isOverdue { return resyncIfStuck(now, limit) }
    let since = watchedSince ?? now
    watchedSince = since
    let age = now - max(since, confirmations.newest ?? since)
    guard age > limit else { return [] }
    (isOverdue, hasMoved) = (true, false)
    let text =
      confirmations.outstanding.map { "the store is at revision \($0), and the watch has not brought that" }
      ?? "no quorum read was answered"
    return enter(.stale(HoldfastError(.timeout, "\(text) for \(age)", revision: confirmations.outstanding)))
  }

  private mutating func resyncIfStuck(_ now: Duration, _ limit: Duration) -> [Action] {
    defer { hasMoved = false }
    guard !hasMoved, let since = confirmations.outstandingSince, now - since > limit else { return [] }
    let text = "the watch of \(range) has delivered nothing since revision \(revision ?? .zero), though there is more"
    return resync(HoldfastError(.timeout, "\(text); listing again", revision: confirmations.outstanding))
  }
}
