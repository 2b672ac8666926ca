/// What many runs did together.
public struct SimulationReport: Sendable {
  /// A run that broke an invariant.
  public struct Failure: Sendable {
    public let seed: UInt64
    public let violation: Violation
  }

  public var seeds = 0
  public var steps = 0
  public var operations = 0
  /// How often a cache was given the list of another one.
  public var sharedLists = 0
  /// How often each kind of fault was injected.
  public var faults: [Fault: Int] = [:]
  /// What became of writes whose answers were lost: how often each was found out, and how often not.
  public var resolutions: [String: Int] = [:]
  /// What caches did about what had gone wrong.
  public var repairs: [Repair: Int] = [:]
  /// How often each invariant was checked where it could have failed, by its number.
  public var checks: [Int] = Array(repeating: 0, count: Invariant.allCases.count + 1)
  /// The runs that broke an invariant, by seed.
  public var failures: [Failure] = []
  /// Registers whose histories could not be judged within the limit: neither right nor wrong.
  public var undecided = 0
  /// Of all runs together: equal for equal seeds.
  public var fingerprint: UInt64 = 0

  mutating func add(_ run: Simulation, seed: UInt64) {
    seeds += 1
    steps += run.record.steps
    operations += run.record.operations
    sharedLists += run.record.sharedLists
    undecided += run.record.undecided
    faults.merge(run.record.faults, uniquingKeysWith: +)
    resolutions.merge(run.record.resolutions, uniquingKeysWith: +)
    repairs.merge(run.record.repairs, uniquingKeysWith: +)
    for index in checks.indices { checks[index] += run.record.checks[index] }
    if let violation = run.violation { failures.append(Failure(seed: seed, violation: violation)) }
    fingerprint ^= run.fingerprint.value &* (seed | 1)
  }

  mutating func add(_ other: SimulationReport) {
    seeds += other.seeds
    steps += other.steps
    operations += other.operations
    sharedLists += other.sharedLists
    undecided += other.undecided
    faults.merge(other.faults, uniquingKeysWith: +)
    resolutions.merge(other.resolutions, uniquingKeysWith: +)
    repairs.merge(other.repairs, uniquingKeysWith: +)
    for index in checks.indices { checks[index] += other.checks[index] }
    failures = (failures + other.failures).sorted { $0.seed < $1.seed }
    fingerprint ^= other.fingerprint
  }
}
