/// Checks every read of a history, in the order of real time, against what really happened.
///
/// A store that was restored has several oracles, one for each of its histories, in order: a read fits into one of them as a
/// whole, and a cache never goes back to an earlier one.
struct ReadChecker {
  let oracles: [Oracle]
  let history: History

  private enum Moment {
    case begins(Int)
    case returned(Int)
    case acknowledged(Int)
  }

  func run() -> CheckReport {
    var report = CheckReport()
    var floors = history.storeOfCache.map { _ in Floors() }
    /// The floors of when each read began.
    var floorsOfRead: [Int: Floors] = [:]
    for moment in moments() {
      switch moment {
      case .begins(let index): floorsOfRead[index] = floors[history.reads[index].cache]
      case .returned(let index):
        guard let began = floorsOfRead.removeValue(forKey: index) else { continue }
        let read = history.reads[index]
        check(read, began, &floors[read.cache], &report)
      case .acknowledged(let index): acknowledge(history.writes[index], &floors)
      }
    }
    return report
  }

  private func moments() -> [Moment] {
    var moments: [(time: Int, moment: Moment)] = []
    for (index, read) in history.reads.enumerated() {
      moments.append((read.span.start, .begins(index)))
      moments.append((read.span.end, .returned(index)))
    }
    for (index, write) in history.writes.enumerated() { moments.append((write.span.end, .acknowledged(index))) }
    return moments.sorted { $0.time < $1.time }.map(\.moment)
  }

  /// What a store has acknowledged all of its caches show from now on.
  private func acknowledge(_ write: WriteRecord, _ floors: inout [Floors]) {
    guard case .applied(let revision, let deleted) = write.outcome else { return }
    for cache in floors.indices where history.storeOfCache[cache] == write.store {
      let epoch = floors[cache].epoch
      // Of another epoch than the cache's: it says nothing about this one.
      guard write.epoch == epoch else { continue }
      for operation in write.operations {
        switch operation {
        case .put(let key, _), .create(let key, _), .update(let key, _, _):
          floors[cache].raise(key, to: revision, isAcknowledged: true)
        case .delete(let key), .deleteIf(let key, _):
          if deleted > 0 { floors[cache].raise(key, to: revision, isAcknowledged: true) }
        case .deletePrefix(let prefix):
          guard deleted > 0 else { continue }
          for key in oracles[epoch].keys where key.hasPrefix(prefix) {
            floors[cache].raise(key, to: revision, isAcknowledged: true)
          }
        }
      }
    }
  }

  private func check(_ read: ReadRecord, _ began: Floors, _ floors: inout Floors, _ report: inout CheckReport) {
    if read.mode == .local, !read.isLive, oracles.count > 1 { return eachByItself(read, &report) }
    var first: CheckReport?
    for epoch in began.epoch..<oracles.count {
      // Nothing of before is compared with what is of another epoch.
      let floor = epoch == began.epoch ? began : Floors(epoch: epoch)
      let result = ReadInEpoch(oracle: oracles[epoch], read: read, floors: floor).check()
      if first == nil { first = result.report }
      guard result.report.violations.isEmpty else { continue }
      report.add(result.report)
      if oracles.count > 1 { report.check(.epochs, floors.epoch <= epoch, "an earlier epoch") }
      if epoch > floors.epoch { floors.begin(epoch) }
      if epoch == floors.epoch {
        for (key, revision) in result.reached { floors.raise(key, to: revision, isAcknowledged: false) }
        if read.mode != .local, !read.isFromStore, let revision = read.revision { floors.raiseSnapshot(to: revision) }
      }
      return
    }
    if let first { report.add(first) }
    if oracles.count > 1 { report.check(.epochs, false, "cache \(read.cache): a \(read.mode) read fits into no epoch") }
  }
}

extension ReadChecker {
  /// Where the restored store has overtaken the old one, an acknowledged write of the new epoch cannot be known as such before
  /// the watch has asked for an anchor. Until then the cache says that it does not follow, local reads may show keys of
  /// both, and each must be true in one. (Snapshots never mix.)
  private func eachByItself(_ read: ReadRecord, _ report: inout CheckReport) {
    for (key, seen) in read.seen {
      report.check(
        .noThinAir, at: seen.modRevision,
        oracles.contains { $0.state(of: key, at: seen.modRevision).map(seen.matches) ?? false },
        "cache \(read.cache): \(key) read as \(seen), which it was in no epoch")
    }
  }
}

extension WriteRecord {
  /// Whether its changes are in this history, at this revision.
  func isIn(_ oracle: Oracle, at revision: Int64) -> Bool {
    operations.allSatisfy { operation in
      switch operation {
      case .put(let key, let token), .create(let key, let token), .update(let key, let token, _):
        oracle.tokens[token]?.contains { $0.key == key && $0.revision == revision } ?? false
      case .delete(let key), .deleteIf(let key, _):
        oracle.change(of: key, at: revision).map { $0.revision == revision && $0.seen == nil } ?? false
      case .deletePrefix(let prefix):
        oracle.keys.contains { key in
          key.hasPrefix(prefix) && oracle.change(of: key, at: revision)?.revision == revision
        }
      }
    }
  }
}
