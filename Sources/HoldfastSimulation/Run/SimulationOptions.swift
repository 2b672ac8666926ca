/// Which runs to make.
public struct SimulationOptions: Hashable, Sendable {
  public var profile = Profile.correct
  /// The first seed, and how many.
  public var first: UInt64 = 1
  public var seeds = 1_000
  /// How many things happen in a run before its faults end.
  public var steps = 300
  /// Ends at the first violation, rather than look for all of them.
  public var stopsAtViolation = false
  /// Servers that lose events (etcd issues 17529 and 18089). What they lose is found by verification alone: without it
  /// invariants 5 and 11 do not hold.
  public var losesEvents = false

  public init() {}
}
