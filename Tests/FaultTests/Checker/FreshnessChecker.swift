/// Checks the reads that had to be new: linearizable ones, and those of a bounded staleness.
///
/// Writes are ordered by their revisions, and so a linearizable read has a place among them that the order of real time allows if
/// it is neither before what had ended when it began nor after what began when it had ended.
struct FreshnessChecker {
  let oracles: [Oracle]
  let history: History

  /// Revisions of several epochs cannot be compared.
  func run() -> CheckReport {
    var report = CheckReport()
    guard oracles.count == 1 else { return report }
    let writes = history.writes.compactMap { write -> (write: WriteRecord, revision: Int64)? in
      guard case .applied(let revision, let deleted) = write.outcome, write.writes(deleted: deleted) else { return nil }
      return (write, revision)
    }
    let ended = Marks(writes.map { (Double($0.write.span.end), $0.revision) }, max)
    let seen = Marks(
      history.reads.compactMap { read in
        read.mode == .linearizable ? read.revision.map { (Double(read.span.end), $0) } : nil
      }, max)
    // Counted backwards, what begins after a moment is what ended before it.
    let begun = Marks(writes.map { (-Double($0.write.span.start), $0.revision) }, min)
    let aged = Marks(writes.map { ($0.write.time.seconds, $0.revision) }, max)
    for read in history.reads {
      guard let revision = read.revision else { continue }
      switch read.mode {
      case .local, .snapshot, .ownSnapshot: break
      case .linearizable:
        let start = Double(read.span.start)
        if let floor = [ended.last(before: start), seen.last(before: start)].compactMap({ $0 }).max() {
          report.check(
            .linearizable, at: max(floor, revision), revision >= floor,
            "cache \(read.cache): a linearizable read at \(revision), and \(floor) was known before it began")
        }
        if let ceiling = begun.last(before: -Double(read.span.end)) {
          report.check(
            .linearizable, at: max(ceiling, revision), revision < ceiling,
            "cache \(read.cache): a linearizable read at \(revision), and \(ceiling) was written after it had ended")
        }
      case .bounded(let bound):
        guard let floor = aged.last(before: (read.time - bound).seconds) else { continue }
        report.check(
          .boundedStaleness, at: max(floor, revision), revision >= floor,
          "cache \(read.cache): a read at \(revision), and \(floor) was there more than \(bound) before")
      }
    }
    return report
  }
}

/// Revisions by a time, of which the highest, or the lowest, up to each is known.
private struct Marks {
  private let marks: [(time: Double, revision: Int64)]

  init(_ marks: [(Double, Int64)], _ choose: (Int64, Int64) -> Int64) {
    var best: Int64?
    self.marks = marks.sorted { $0.0 < $1.0 }.map { time, revision in
      let chosen = best.map { choose($0, revision) } ?? revision
      best = chosen
      return (time, chosen)
    }
  }

  func last(before time: Double) -> Int64? {
    var (low, high) = (0, marks.count)
    while low < high {
      let middle = (low + high) / 2
      if marks[middle].time < time { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? marks[low - 1].revision : nil
  }
}

extension Duration {
  fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
