/// Which runs to make.
public struct SimulationOptions: Hashable, Sendable {
  public var profile = Profile.correct
  /// The first seed, and how many.
  public var first: UInt64 = 1
  public var seeds = 1_000
  /// How many things happen in a run before its faults end.
  public var steps = 300

  public init() {}
}
