#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A report in words, and whether it is good enough.
public struct SimulationSummary: Encodable, Sendable {
  struct Failure: Encodable {
    let seed: UInt64
    let step: Int
    let invariant: String
    let message: String
    /// What makes a short run that violates the same, if one was looked for.
    var choices: String?
  }

  let profile: String
  let firstSeed: UInt64
  let seeds: Int
  let steps: Int
  let operations: Int
  let sharedLists: Int
  let faults: [String: Int]
  let resolutions: [String: Int]
  let repairs: [String: Int]
  let checks: [String: Int]
  /// Registers that could not be judged within the limit.
  let undecided: Int
  private let judged: Int
  let violations: Int
  /// The first of them.
  private(set) var failures: [Failure]
  /// Kinds of faults and checks of which there was none, in a number of runs that should have them all.
  let missing: [String]
  let fingerprint: String
  let seconds: Double

  public init(_ options: SimulationOptions, _ report: SimulationReport, duration: Duration) {
    profile = options.profile.rawValue
    firstSeed = options.first
    seeds = report.seeds
    steps = report.steps
    operations = report.operations
    sharedLists = report.sharedLists
    faults = Dictionary(uniqueKeysWithValues: report.faults.map { ($0.key.name, $0.value) })
    resolutions = report.resolutions
    repairs = Dictionary(uniqueKeysWithValues: report.repairs.map { ($0.key.rawValue, $0.value) })
    checks = Dictionary(
      uniqueKeysWithValues: Invariant.simulated.map { ("\($0.rawValue) \($0.name)", report.checks[$0.rawValue]) })
    undecided = report.undecided
    judged = report.checks[Invariant.linearizable.rawValue]
    violations = report.failures.count
    failures = report.failures.prefix(10).map {
      Failure(
        seed: $0.seed, step: $0.violation.step, invariant: $0.violation.invariant.name, message: $0.violation.message)
    }
    let isLarge = report.seeds >= 1_000
    let expected = Fault.allCases.filter { $0.occurs(with: options) && report.faults[$0] == nil }.map(\.name)
    let unresolved = ResolutionKind.allCases.map(\.rawValue).filter { report.resolutions[$0] == nil }
    let unrepaired = Repair.allCases.filter { report.repairs[$0] == nil }.map(\.rawValue)
    let unchecked = Invariant.simulated.filter { report.checks[$0.rawValue] == 0 }.map(\.name)
    let unshared = report.sharedLists == 0 ? ["sharedLists"] : []
    missing = isLarge ? expected + unresolved + unrepaired + unchecked + unshared : []
    fingerprint = String(report.fingerprint, radix: 16)
    seconds = duration / .seconds(1)
  }

  /// Adds what is needed to repeat a violation.
  public mutating func add(_ shrunk: ChoiceList, of seed: UInt64) {
    for index in failures.indices where failures[index].seed == seed { failures[index].choices = "\(shrunk)" }
  }

  /// What could not be judged is no pass: it may be one register in 10,000.
  public var isClean: Bool { violations == 0 && missing.isEmpty && undecided <= judged / 10_000 }

  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Numbers and strings alone: encoding them does not fail.
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  public var text: String {
    var lines = [
      "profile \(profile): \(seeds) seeds from \(firstSeed), \(steps) steps, \(operations) operations, "
        + "\(sharedLists) shared lists, "
        + "\(violations) violations, in \((seconds * 10).rounded() / 10) s (fingerprint \(fingerprint))"
    ]
    lines.append(
      "  faults: " + faults.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
    lines.append(
      "  lost answers: "
        + resolutions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
    lines.append(
      "  repairs: " + repairs.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
    let byNumber = Invariant.simulated.map { "\($0.rawValue) \($0.name) \(checks["\($0.rawValue) \($0.name)"] ?? 0)" }
    lines.append("  checks: " + byNumber.joined(separator: ", "))
    if undecided > 0 { lines.append("  registers not judged within the limit: \(undecided)") }
    if !missing.isEmpty { lines.append("  never happened: " + missing.joined(separator: ", ")) }
    lines += failures.map { "  seed \($0.seed), step \($0.step): \($0.invariant): \($0.message)" }
    if violations > failures.count { lines.append("  and \(violations - failures.count) more") }
    return lines.joined(separator: "\n")
  }
}

extension Invariant {
  /// Those that the simulation checks.
  static let simulated: [Invariant] = [
    .monotonicReads, .monotonicSnapshots, .readYourWrites, .noResurrection, .noLostUpdate, .noThinAir,
    .snapshotConsistency, .atomicTransactions, .boundedStaleness, .linearizable, .convergence, .changeStreams,
    .failLoud,
    .safeCompareAndSet, .atMostOnce, .epochs, .boundedMemory, .malformedValues, .leases,
  ]
}

extension Fault {
  /// Whether servers of this kind have it.
  func occurs(with options: SimulationOptions) -> Bool {
    let profile = options.profile
    return switch self {
    case .repeatedEvents: profile.repeatsEvents
    case .earlyProgress: profile.progressOvertakesEvents
    case .withheldProgress: !profile.progressOvertakesEvents
    case .silentProgress: profile.isSilentWhenIdle
    case .progressBelowStart: profile.progressBelowStart
    case .staleRead: profile.readsStaleAfterPause
    case .eventsLost, .deleteLost: options.losesEvents
    default: true
    }
  }
}
