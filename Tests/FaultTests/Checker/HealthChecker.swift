/// Invariant 13: a cache that does not follow says so. Whatever somebody's write was acknowledged at must be in a cache that
/// claims to be live, after the time that it has to find out.
struct HealthChecker {
  let history: History
  /// How long a cache may take to notice that it does not follow.
  let limit: Duration

  func run() -> CheckReport {
    var report = CheckReport()
    var acknowledged: [(time: Duration, revision: Int64)] = history.writes.compactMap { write in
      guard case .applied(let revision, let deleted) = write.outcome, write.writes(deleted: deleted) else { return nil }
      return (write.time, revision)
    }
    acknowledged.sort { $0.time < $1.time }
    // The highest revision up to each acknowledgement.
    var highest: Int64 = 0
    let marks = acknowledged.map { mark in
      highest = max(highest, mark.revision)
      return (time: mark.time, revision: highest)
    }
    for sample in history.health where sample.isLive {
      guard let due = marks.last(where: { $0.time <= sample.time - limit }) else { continue }
      report.check(
        .failLoud, at: due.revision, sample.revision ?? 0 >= due.revision,
        "cache \(sample.cache) says live at \(sample.revision ?? 0), \(due.revision) was there \(limit) before")
    }
    return report
  }
}
