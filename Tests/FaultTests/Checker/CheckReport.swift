/// The invariants that are checked on recorded histories, with their numbers.
enum Invariant: Int, CaseIterable, Comparable, Sendable {
  case monotonicKeys = 1
  case monotonicSnapshots = 2
  case readYourWrites = 3
  case noResurrection = 4
  case noLostUpdate = 5
  case noThinAir = 6
  case snapshotConsistency = 7
  case atomicTransactions = 8
  case boundedStaleness = 9
  case linearizable = 10
  case convergence = 11
  case changeStreams = 12
  case failLoud = 13
  case safeCompare = 14
  case truthfulOutcomes = 15
  case epochs = 16
  case malformedValues = 18
  case leases = 19

  static func < (lhs: Invariant, rhs: Invariant) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// How often each invariant was really checked, and what broke it.
struct CheckReport: Sendable {
  struct Violation: Hashable, Sendable, CustomStringConvertible {
    var invariant: Invariant
    var text: String
    /// The latest revision that it is about; nil where it is about none.
    var revision: Int64?
    var description: String { "\(invariant.rawValue) \(invariant): \(text)" }
  }

  private(set) var counts: [Invariant: Int] = [:]
  private(set) var violations: [Violation] = []

  var checks: Int { counts.values.reduce(0, +) }

  mutating func check(
    _ invariant: Invariant, at revision: Int64? = nil, _ holds: Bool, _ text: @autoclosure () throws -> String
  ) {
    counts[invariant, default: 0] += 1
    guard !holds else { return }
    violations.append(
      Violation(invariant: invariant, text: (try? text()) ?? "no more is known", revision: revision))
  }

  /// Without the violations that the server's loss explains.
  func without(_ loss: ServerLoss) -> CheckReport {
    var report = self
    report.violations.removeAll { loss.explains($0) }
    return report
  }

  mutating func add(_ other: CheckReport) {
    counts.merge(other.counts, uniquingKeysWith: +)
    violations += other.violations
  }
}
