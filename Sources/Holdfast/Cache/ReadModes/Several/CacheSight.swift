package import HoldfastCore

/// What a cache can say of its range at one revision.
package enum CacheSight: Sendable {
  /// What the range held then.
  case shown(RecordMap)
  /// The base is older. Nothing may have happened since, or the watch may be about to bring it; this read tells.
  case unproven(PinnedProbe)
  /// It was passed, and is not remembered.
  case lost(HoldfastError)
  /// What is held is known to be wrong, or of a store that is gone, until the next list.
  case doubtful
}

/// A probe of the range at a revision, and what the range was then if the store holds it so.
package struct PinnedProbe: Sendable {
  package let probe: Probe
  private let base: RecordMap

  init(_ probe: Probe, _ base: RecordMap) { (self.probe, self.base) = (probe, base) }

  package func proves(_ answer: RangeResponse) -> RecordMap? {
    probe.base?.anchor.holds(in: answer, base.holds) == true ? base : nil
  }
}

extension CacheMachine {
  /// What the range was at a revision R, as far as the cache can know. `A` is the base's revision, `V` the proven one.
  ///
  /// - R ≤ A: the watch has delivered every event up to A, in order and in whole revisions, so that undoing the events above R
  ///   gives the range at R. A revision without an event in the range is as exact as one with: nothing happened there.
  ///   Where a list lies between, only its ends are known.
  /// - R = V: that is what the proof says.
  /// - R > A otherwise, A < R < V included: nothing can be claimed. What was created after A and deleted before V is in the
  ///   range at some of the revisions between, and a proof at V says nothing of it. Either the watch passes R, or the range is
  ///   looked at *at R* (``HistoryAnchor``): when it holds as many keys as the base then, and the newest of them is the base's
  ///   newest, it is the base. For a key of the range at R that had changed after A would be newer; so all are keys of the base,
  ///   unchanged, and being as many they are all of it.
  package func sight(
    at revision: Revision, _ history: HistoryWindow, now: Duration
  ) -> CacheSight {
    guard let reached = self.revision, !isWrong else { return .doubtful }
    if revision == snapshotRevision { return .shown(snapshotRecords) }
    if revision > reached { return .unproven(pinnedProbe(at: revision, now)) }
    do {
      return .shown(try history.base(at: revision, from: base))
    } catch {
      return .lost(HoldfastError(wrapping: error))
    }
  }

  private func pinnedProbe(at pinned: Revision, _ now: Duration) -> PinnedProbe {
    let anchor = historyAnchor(at: pinned, base)
    let probe = Probe(
      request: anchor.request, epoch: epoch, sent: now, known: highestKnown,
      base: revision.map { ($0, anchor) }, pinned: pinned)
    return PinnedProbe(probe, base)
  }
}
