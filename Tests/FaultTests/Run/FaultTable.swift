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
    var operations: Int
    var report: CheckReport
  }

  static let shared = FaultTable()
  private let lock = Mutex(())

  func add(_ row: Row, took time: Duration) {
    let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
    let line =
      "fault|\(row.fault)|\(row.server)|1|\(row.operations)|\(row.report.checks)|\(row.report.violations.count)"
      + "|\((seconds * 10).rounded() / 10)"
    print(line)
    guard let path = ProcessInfo.processInfo.environment["HOLDFAST_FAULTS_REPORT"] else { return }
    lock.withLock { _ in
      let before = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
      try? (before + line + "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }
  }
}
