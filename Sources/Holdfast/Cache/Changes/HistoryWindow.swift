package import HoldfastCore

/// The recent past of a base, as what has to be undone to go back there: bounded in revisions and in bytes.
package struct HistoryWindow: Sendable {
  /// One revision, or one list.
  private struct Entry: Sendable {
    /// The base's revision before; between it and `revision` nothing is known when it was a list.
    var from: Revision
    var revision: Revision
    var isResync: Bool
    var changes: [BaseChange]
    var bytes: Int
  }

  /// What a window may hold.
  package struct Limit: Hashable, Sendable {
    /// That changed something.
    package var revisions: Int
    /// Of keys and values, old and new.
    package var bytes: Int

    package init(revisions: Int = 1_000, bytes: Int = 16 << 20) {
      (self.revisions, self.bytes) = (revisions, bytes)
    }
  }

  package let limit: Limit
  /// The oldest revision that can be gone back to; nil when there is nothing at all.
  package private(set) var oldest: Revision?
  /// The base's revision.
  package private(set) var newest: Revision?
  /// The highest revision that was ever reached, and that of epochs and runs before: those up to it may mean another history.
  private var highest: Revision?
  private var former: Revision?
  private(set) var epoch = 0
  /// Ascending.
  private var entries = Fifo<Entry>()
  package private(set) var bytes = 0

  /// Knows a state of the base, if there is one. After a restore a revision may be one of before, this one too.
  package init(limit: Limit = Limit(), at revision: Revision? = nil, epoch: Int = 0) {
    self.limit = limit
    self.epoch = epoch
    (oldest, newest, highest) = (revision, revision, revision)
    if epoch > 0 { former = revision }
  }

  package var count: Int { entries.count }

  /// Drops what is remembered, but not that there was something.
  package mutating func forget(at revision: Revision? = nil) {
    (oldest, newest, bytes) = (revision, revision, 0)
    entries = Fifo()
  }

  package mutating func add(_ step: BaseStep) {
    if step.epoch != epoch || newest == nil || step.isBroken { former = highest }
    epoch = step.epoch
    highest = max(highest ?? step.to, step.to)
    switch step.kind {
    case .changes where step.from != newest, .resync where step.from != newest:
      // Nobody wanted to know the steps before.
      forget(at: step.to)
    case .forgotten: forget()
    case .loaded, .resync(isContinuous: false): forget(at: step.to)
    case .resync(isContinuous: true):
      append(Entry(from: step.from, revision: step.to, isResync: true, changes: step.changes, bytes: 0))
    case .changes:
      var from = step.from
      for changes in step.revisions {
        let revision = changes[changes.startIndex].revision
        append(Entry(from: from, revision: revision, isResync: false, changes: Array(changes), bytes: 0))
        from = revision
      }
    }
    guard newest != nil else { return }
    newest = step.to
    trim()
  }

  private mutating func append(_ entry: Entry) {
    var entry = entry
    entry.bytes = entry.changes.reduce(0) { $0 + $1.bytes }
    bytes += entry.bytes
    entries.append(entry)
  }

  private mutating func trim() {
    while count > limit.revisions || bytes > limit.bytes, let entry = entries.popFirst() {
      bytes -= entry.bytes
      oldest = entry.revision
    }
  }

  /// The base as it was at a revision.
  ///
  /// - Parameter base: The base now.
  /// - Throws: ``HoldfastError`` with code `compacted` or `futureRevision`.
  package func base(
    at revision: Revision, from base: RecordMap
  ) throws -> RecordMap {
    var base = base
    for entry in entries[try firstEntry(after: revision)...].reversed() {
      for change in entry.changes.reversed() { base[change.key] = change.old }
    }
    return base
  }

  /// Everything since a revision in one step: every change, or the net difference where a list lies between.
  ///
  /// - Throws: ``HoldfastError`` with code `compacted`, also for a revision that may be one of before a restore, or
  ///   `futureRevision`.
  package func step(after revision: Revision) throws -> BaseStep {
    if mayBeFormer(revision) {
      throw HoldfastError(.compacted, "revision \(revision) may be of another history", revision: newest)
    }
    let missed = entries[try firstEntry(after: revision)...]
    let isResync = missed.contains(where: \.isResync)
    var changes = missed.flatMap(\.changes)
    if isResync {
      var net = NetChanges()
      for change in changes { net.add(change) }
      changes = net.inKeyOrder
    }
    return BaseStep(
      isResync ? .resync(isContinuous: true) : .changes, from: revision, to: newest ?? revision, epoch: epoch,
      changes: changes)
  }

  /// Whether the revision may be one of another history, which ended before the one that is remembered.
  package func mayBeFormer(_ revision: Revision) -> Bool { former.map { revision <= $0 } ?? false }

  /// The first entry that a state at this revision does not have.
  private func firstEntry(after revision: Revision) throws -> Int {
    guard let oldest, let newest else {
      throw HoldfastError(.compacted, "the cache remembers no history", revision: revision)
    }
    guard revision <= newest else {
      throw HoldfastError(
        .futureRevision, "the cache is at revision \(newest), not yet at \(revision)", revision: newest)
    }
    guard revision >= oldest else {
      throw HoldfastError(
        .compacted, "the cache remembers revisions from \(oldest) on, not \(revision)", revision: newest,
        compactRevision: oldest)
    }
    var (low, high) = (entries.startIndex, entries.endIndex)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].revision <= revision { low = middle + 1 } else { high = middle }
    }
    if low < entries.endIndex, entries[low].isResync, revision > entries[low].from {
      let next = entries[low].revision
      throw HoldfastError(
        .compacted, "the cache missed revision \(revision), before it listed again at \(next)", revision: newest,
        compactRevision: next)
    }
    return low
  }
}

extension BaseStep {
  /// Whether revisions of before may mean something else from now on.
  fileprivate var isBroken: Bool { if case .resync(isContinuous: false) = kind { true } else { false } }

  /// The changes of each revision that has any, in order.
  package var revisions: [ArraySlice<BaseChange>] {
    var result: [ArraySlice<BaseChange>] = []
    var start = changes.startIndex
    for index in changes.indices where changes[index].revision != changes[start].revision {
      result.append(changes[start..<index])
      start = index
    }
    if start < changes.endIndex { result.append(changes[start...]) }
    return result
  }
}
