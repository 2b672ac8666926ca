package import HoldfastCore

/// A quorum read that tells how far the store is and, where it looks at the range, whether the base is still all that the
/// range holds. Made by the machine, sent by the shell, handed back with its answer.
package struct Probe: Sendable {
  /// What to ask, linearizably.
  package let request: RangeRequest
  package let epoch: Int
  /// When it was sent, on the shell's clock. What it confirms is never newer than that.
  package let sent: Duration
  /// The highest revision that the store was known to have had.
  let known: Revision?
  /// The base's revision, and what the store answers if it holds the base; nil where only the store's revision is asked for.
  let base: (revision: Revision, anchor: HistoryAnchor)?
  /// The revision that it looks at the range at; nil for the present.
  var pinned: Revision?

  /// The revision whose state of the range the answer tells.
  func looked(at answer: RangeResponse) -> Revision { pinned ?? answer.header.revision }
}

/// The revision V at which the range was proven to be the base, beyond the base's own revision A (rule 3).
///
/// What happened between A and V has no effect at V, but it may still be delivered: a key that was created and deleted. Until
/// A has passed V, whoever reads a snapshot gets the base as it was when it was proven.
struct Proof: Sendable {
  let revision: Revision
  /// The base as it was proven, where it has changed since.
  private(set) var base: RecordMap?
  /// Keys that were created since, and are yet to be deleted before V.
  private var passing: Set<Key> = []

  init(revision: Revision) { self.revision = revision }

  /// Takes what happens to the base next, before it does. False where that cannot be of the history in which the range was
  /// proven: it changes what is unchanged at V, or leaves what is not there at V.
  mutating func follow(
    _ changes: ArraySlice<CacheChange>, through last: Revision, from current: RecordMap
  ) -> Bool {
    let proven = base ?? current
    for change in changes.prefix(while: { $0.revision <= revision }) {
      if proven[change.key] != nil { return false }
      if change.record == nil { passing.remove(change.key) } else { passing.insert(change.key) }
    }
    if last >= revision { return passing.isEmpty }
    if !changes.isEmpty { base = proven }
    return true
  }
}

/// When the cache was last known to have all that the store had (rule 5): a quorum read that was answered at a revision says
/// so for the time at which it was sent, once that revision is reached.
struct Confirmations: Sendable {
  /// The send time of the newest quorum read whose revision was reached.
  private(set) var newest: Duration?
  /// Reads whose revision is yet to be reached, the oldest first, with when the first one of that revision was sent. Revisions and
  /// times ascend.
  private var pending: [(revision: Revision, sent: Duration, since: Duration)] = []
  private static var bound: Int { 16 }

  /// Since when something has been known to be missing.
  var outstandingSince: Duration? { pending.first?.since }
  /// The highest revision that is known to be missing.
  var outstanding: Revision? { pending.last?.revision }

  mutating func add(_ revision: Revision, sent: Duration, reached: Revision?) {
    if let reached, revision <= reached {
      confirm(sent)
    } else {
      // A later read of the same revision confirms more, but what is missing is so no less long.
      let outdated = pending.filter { $0.revision >= revision && $0.sent <= sent }
      pending.removeAll { $0.revision >= revision && $0.sent <= sent }
      pending.append((revision, sent, outdated.reduce(sent) { min($0, $1.since) }))
      // The first tells since when, the last ones what is to come.
      if pending.count > Self.bound { pending.remove(at: 1) }
    }
  }

  mutating func reach(_ revision: Revision) {
    while let first = pending.first, first.revision <= revision {
      confirm(first.sent)
      pending.removeFirst()
    }
  }

  private mutating func confirm(_ sent: Duration) { newest = max(newest ?? sent, sent) }
}
