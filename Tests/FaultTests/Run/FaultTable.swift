import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What was run: one line for each run, on standard output and, for `make test-faults`, in a file that becomes its table.
final class FaultTable: Sendable {
  struct Row {
    var fault: String
    var server: String
    /// What the server lost: such a run counts for itself.
    var loss: ServerLoss?
    var operations: Int
    var report: CheckReport

    func line(_ time: Duration) -> String {
      let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
      return
        "fault|\(fault)\(loss == nil ? "" : " (the server lost a write)")|\(server)|1|\(operations)|\(report.checks)"
        + "|\(report.violations.count)|\((seconds * 10).rounded() / 10)"
    }
  }

  static let shared = FaultTable()
  private let lock = Mutex(())

  func add(_ row: Row, took time: Duration) {
    let line = row.line(time)
    print(line)
    guard let path = ProcessInfo.processInfo.environment["HOLDFAST_FAULTS_REPORT"] else { return }
    lock.withLock { _ in
      let before = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
      try? (before + line + "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }
  }
}
