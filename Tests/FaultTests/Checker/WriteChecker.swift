/// Checks what callers were told of their writes against what really happened.
struct WriteChecker {
  let oracles: [Oracle]
  let history: History

  func run() -> CheckReport {
    var report = CheckReport()
    for oracle in oracles {
      for (token, places) in oracle.tokens {
        report.check(
          .truthfulOutcomes, at: places.map(\.revision).max(), Set(places.map(\.key)).count == places.count,
          "token \(token) was written more than once: \(places)")
      }
    }
    for write in history.writes { check(write, &report) }
    return report
  }

  private func check(_ write: WriteRecord, _ report: inout CheckReport) {
    switch write.outcome {
    case .unknown: break
    case .untold(let error):
      report.check(.truthfulOutcomes, false, "store \(write.store): no outcome: \(error) of \(write.operations)")
    case .refused:
      for token in write.tokens {
        report.check(
          .truthfulOutcomes, at: oracles.compactMap { $0.tokens[token]?.first?.revision }.max(),
          oracles.allSatisfy { $0.tokens[token] == nil },
          "store \(write.store): told refused, but it is there: \(write.operations)")
      }
    case .applied(let revision, let deleted):
      guard write.writes(deleted: deleted) else { return }
      // Only in the history it was part of: another one may hold the same delete at the same revision by chance.
      let truth = oracles[write.epoch]
      let isTrue = write.isIn(truth, at: revision)
      report.check(
        .truthfulOutcomes, at: revision, isTrue,
        "store \(write.store): told applied at \(revision), which is not so: \(write.operations)")
      if isTrue { compares(write, truth, at: revision, &report) }
    }
  }

  private func compares(_ write: WriteRecord, _ oracle: Oracle, at revision: Int64, _ report: inout CheckReport) {
    for operation in write.operations {
      let (key, expected): (String, Int64) =
        switch operation {
        case .create(let key, _): (key, 0)
        case .update(let key, _, let expected), .deleteIf(let key, let expected): (key, expected)
        case .put, .delete, .deletePrefix: ("", -1)
        }
      guard expected >= 0 else { continue }
      let before = oracle.state(of: key, at: revision - 1)?.modRevision ?? 0
      report.check(
        .safeCompare, at: revision, before == expected,
        "store \(write.store): \(key) at \(revision) was to follow \(expected), it followed \(before)")
    }
  }
}

extension WriteRecord {
  var tokens: [Int] {
    operations.compactMap { operation in
      switch operation {
      case .put(_, let token), .create(_, let token), .update(_, let token, _): token
      case .delete, .deleteIf, .deletePrefix: nil
      }
    }
  }

  /// A delete that hits nothing makes no revision.
  func writes(deleted: Int) -> Bool { deleted > 0 || !tokens.isEmpty }
}
