import HoldfastCore

extension CacheMachine {
  /// Applies a list as a difference: whoever looks sees only what really changed, all of it at once.
  mutating func load(_ listed: Revision, _ records: [CacheRecord]) -> [Action] {
    guard case .list(let known) = activity else { return [] }
    if let problem = problem(with: records, at: listed) { return resync(violation(problem)) }

    // A linearizable list cannot be older than what was known before it was asked for, unless the store went back. Some
    // servers answer so after a pause of a member, once for each pause: only several in a row are the proof.
    let isLow = known.map { listed < $0 } ?? false
    if isLow, !isRewound, lowAnswers < Self.bearableLowAnswers { return suspect(listed, known ?? .zero) }
    // Then no revision of before compares with one of now. Where the new history has overtaken the old one, what it holds
    // gives it away.
    let beginsEpoch = isRewound || isLow || contradicts(records, at: listed)
    let isContinuous = !beginsEpoch && !isDiverged
    (isRewound, lowAnswers, isDiverged, isDoubtful) = (false, 0, false, false)

    var actions: [Action] = []
    var touched = TouchedKeys()
    if beginsEpoch {
      touchEverything(&touched)
    } else {
      touchEvictions(through: listed, &touched)
    }
    // No proof is newer: what it told was known when the list was asked for.
    proof = nil
    let before = (revision: revision, base: base)
    base = difference(to: records, &touched)
    if beginsEpoch {
      overlay = CacheOverlay()
      epoch += 1
      (highestKnown, highestAcknowledged) = (nil, nil)
      confirmations = Confirmations()
      actions.append(.newEpoch(epoch))
    } else {
      overlay.evict(through: listed)
    }
    revision = listed
    confirmations.reach(listed)
    know(listed)
    activity = .watch
    actions += publish(touched)
    actions += [.reached(listed)] + relisted(from: before.revision, before.base, isContinuous: isContinuous)
    actions += [.watch(attempt: attempt, from: listed.next)]
    // Health is back when the watch stands: a store that lists but refuses to be watched is not followed.
    if case .connecting = phase { actions += enter(.loading) }
    return actions
  }

  private static var bearableLowAnswers: Int { 2 }

  /// A list that fails cannot relieve a full overlay. Then reads fail rather than memory grows without a bound: the next list
  /// covers what is dropped here, since it is asked for afterwards.
  mutating func listFailed(_ cause: HoldfastError) -> [Action] {
    guard isOverlayFull else { return resync(cause) }
    var touched = TouchedKeys()
    touchEverything(&touched)
    let forgetting = forgetting()
    base = RecordMap()
    overlay = CacheOverlay()
    revision = nil
    proof = nil
    // Readers are told that there is nothing to read before it is gone.
    return resync(cause) + publish(touched) + forgetting
  }

  /// The new base. Keys that change on the way are touched; records that did not change stay the ones they were, so that
  /// a re-list does not double the memory that readers hold.
  private func difference(
    to records: [CacheRecord], _ touched: inout TouchedKeys
  ) -> RecordMap {
    var result: [CacheRecord] = []
    result.reserveCapacity(records.count)
    var rest = base.makeIterator()
    var old = rest.next()
    for record in records {
      let key = record.key
      while let gone = old, gone.key < key {
        touch(gone.key, &touched)
        old = rest.next()
      }
      if let held = old, held.key == key {
        old = rest.next()
        if held.value == record {
          result.append(held.value)
          continue
        }
      }
      touch(key, &touched)
      result.append(shared(record))
    }
    while let gone = old {
      touch(gone.key, &touched)
      old = rest.next()
    }
    return RecordMap(result)
  }

  /// Whether the list is not of the history that the cache knows: it holds something of before the revision that snapshots
  /// state and that they do not have, or something that an acknowledged write, or what is held, had replaced. That the cache
  /// missed something explains what it does not have, but not that the store has gone back.
  private func contradicts(_ records: [CacheRecord], at listed: Revision) -> Bool {
    let held = snapshotRecords
    if !isDiverged, listed == snapshotRevision, records.count != held.count { return true }
    return records.contains { record in
      let (key, changed) = (record.key, record.modRevision)
      let known = held[key]
      if let known, changed < known.modRevision { return true }
      if !isDiverged, let snapshotRevision, changed <= snapshotRevision, known != record { return true }
      return overlay.revision(of: key).map { changed < $0 && $0 <= listed } ?? false
    }
  }

  /// Why this cannot be the range at that revision, if it cannot.
  private func problem(with records: [CacheRecord], at listed: Revision) -> String? {
    guard listed > .zero, listed.next > listed else { return "a list came at the impossible revision \(listed)" }
    var last: Key?
    for record in records {
      let (key, changed) = (record.key, record.modRevision)
      guard range.contains(key) else { return "a list held \(key), which was not asked for" }
      if let last, key <= last { return "a list came out of order at \(key)" }
      guard changed > .zero, changed <= listed else {
        return "a list at revision \(listed) held \(key) of revision \(changed)"
      }
      last = key
    }
    return nil
  }
}
