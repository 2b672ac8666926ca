package import HoldfastCore

/// What a consumer is told at once: whole revisions, or a net difference.
package struct ChangeBatch: Sendable {
  package var isResync: Bool
  /// Whether another epoch begins with it, or with one that was merged into it.
  package var beginsEpoch: Bool
  /// With it, what was told is the range at this revision.
  package var revision: Revision
  /// As they happened; empty once there is a net difference.
  private var inOrder: [BaseChange]
  private var net: NetChanges?

  /// How much of a limit it takes; one without changes takes something as well.
  package private(set) var entries: Int
  package private(set) var bytes: Int

  package init(_ changes: [BaseChange], at revision: Revision, isResync: Bool, beginsEpoch: Bool) {
    inOrder = changes
    self.revision = revision
    self.isResync = isResync
    self.beginsEpoch = beginsEpoch
    entries = max(1, changes.count)
    bytes = changes.reduce(0) { $0 + $1.bytes }
  }

  /// Makes one net difference of this batch and the next.
  package mutating func merge(_ next: ChangeBatch) {
    if net == nil {
      net = NetChanges()
      for change in inOrder { net?.add(change) }
      inOrder = []
    }
    // What is gone in the new epoch too was deleted at its list's revision at the latest.
    if next.beginsEpoch { net?.capDeletes(at: next.revision) }
    for change in next.changes { net?.add(change) }
    (entries, bytes) = (max(1, net?.count ?? 0), net?.bytes ?? 0)
    revision = next.revision
    isResync = isResync || next.isResync
    beginsEpoch = beginsEpoch || next.beginsEpoch
  }

  /// In the order of revisions; of a resync in key order.
  package var changes: [BaseChange] {
    guard let net else { return inOrder }
    return isResync ? net.inKeyOrder : net.inRevisionOrder
  }
}

/// Changes that were dropped before the consumer was told of them.
package struct ChangeLoss: Sendable {
  /// The base after what was dropped first, and that.
  let base: RecordMap
  let dropped: Fifo<ChangeBatch>
  let range: KeyRange
  /// Of that base.
  let epoch: Int

  /// The net difference from what the consumer was told to the base of now. It walks over the whole range.
  package func batch(
    to now: RecordMap, at revision: Revision, epoch: Int
  ) -> ChangeBatch {
    var told = base
    for batch in dropped.reversed() {
      for change in batch.changes.reversed() { told[change.key] = change.old }
    }
    return ChangeBatch(
      told.difference(to: now, in: range, at: revision).filter { !$0.isLeftOut }, at: revision, isResync: true,
      beginsEpoch: epoch != self.epoch || dropped.contains(where: \.beginsEpoch))
  }
}
