public import ArgumentParser
import HoldfastSimulation

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The options and the work of `holdfast simulate` and of the light tool `holdfast-simulate`, which are the same.
public struct SimulateOptions: ParsableArguments, Sendable {
  public static let abstract = "Run a simulated cluster, its clients and caches under faults, seed by seed."
  public static let discussion = """
    Every run is a function of its seed. Invariants are checked at every step; the exit code is 1 when one is violated, or \
    when with 1,000 seeds or more a kind of fault or a check never happened. `--seed S --trace` tells a run line by line. \
    `--seed S` shrinks a violation to the steps that it needs and prints their choices, which `--replay` and a test can \
    repeat.

    Example: holdfast simulate --seeds 5000 --profile 3.5.1
    """

  @Option(parsing: .unconditional, help: "How many seeds.") var seeds = 1_000
  @Option(help: "The first seed.") var from: UInt64 = 1
  @Option(help: "This seed alone; a violation is shrunk to the steps that it needs.") var seed: UInt64?
  @Flag(help: "With --seed: tell what happens.") var trace = false
  @Option(help: "Instead of a seed: the choices of a run, as a violation prints them.") var replay: String?
  @Flag(help: "End at the first violation.") var stop = false
  @Flag(help: "Servers lose events, which only verification repairs.") var lossy = false
  @Option(help: "The server to simulate: correct, 3.4.23, 3.5.1, 3.5.12, or all of them one after the other.")
  var profile = "all"
  @Option(parsing: .unconditional, help: "Things that happen in a run before its faults end.") var steps = 300
  @Option(parsing: .unconditional, help: "Runs at the same time.") var workers = ProcessInfo.processInfo
    .activeProcessorCount

  public init() {}

  public func validate() throws {
    guard (1...100_000_000).contains(seeds) else { throw ValidationError("--seeds is \(seeds); it must be at least 1") }
    guard (1...100_000).contains(steps) else { throw ValidationError("--steps is \(steps); it must be 1 to 100,000") }
    guard (1...1_024).contains(workers) else { throw ValidationError("--workers is \(workers); it must be 1 to 1,024") }
    if let replay, ChoiceList(replay) == nil { throw ValidationError("--replay holds a word that is no step") }
    if trace, seed == nil { throw ValidationError("--trace needs --seed") }
    _ = try profiles
  }

  private var profiles: [Profile] {
    get throws {
      if profile == "all" { return Profile.allCases }
      guard let known = Profile(rawValue: profile) else {
        let names = Profile.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("--profile is \(profile); there are \(names) and all")
      }
      return [known]
    }
  }

  /// Makes the runs and hands out lines to print; false when something is wrong.
  public func run(asJSON: Bool, print: @escaping @Sendable (String) throws -> Void) async throws -> Bool {
    var isClean = true
    for profile in try profiles {
      var options = SimulationOptions()
      (options.profile, options.steps, options.stopsAtViolation, options.losesEvents) = (profile, steps, stop, lossy)
      (options.first, options.seeds) = (seed ?? from, seed == nil ? seeds : 1)
      if let choices = replay.flatMap({ ChoiceList($0) }) {
        if try !repeated(options, choices, print) { isClean = false }
        continue
      }
      if let seed, trace, !asJSON { for line in Simulator.trace(options, seed: seed).trace { try print(line) } }
      let start = ContinuousClock.now
      let progress = ProgressLine(profile: profile.rawValue, total: options.seeds)
      let report = await Simulator.run(options, workers: workers) { progress.show($0) }
      progress.end()
      var summary = SimulationSummary(options, report, duration: ContinuousClock.now - start)
      let shrunk = seed.flatMap { shrink(options, $0) }
      if let seed, let shrunk { summary.add(shrunk.choices, of: seed) }
      try print(asJSON ? summary.json : summary.text)
      if let shrunk, !asJSON { try tell(shrunk, print) }
      if !summary.isClean { isClean = false }
    }
    return isClean
  }

  private func repeated(
    _ options: SimulationOptions, _ choices: ChoiceList, _ print: (String) throws -> Void
  ) throws -> Bool {
    let run = Simulator.replay(options, choices: choices, isTracing: true)
    for line in run.trace { try print(line) }
    try print("profile \(options.profile.rawValue): \(run.violation.map { "\($0.invariant)" } ?? "no violation")")
    return run.violation == nil
  }

  private func shrink(_ options: SimulationOptions, _ seed: UInt64) -> SimulationRun? {
    let run = Simulator.trace(options, seed: seed)
    return run.violation == nil ? nil : Simulator.shrink(options, choices: run.choices)
  }

  /// A short run, and its choices for a test.
  private func tell(_ shrunk: SimulationRun, _ print: (String) throws -> Void) throws {
    try print("shrunk to \(shrunk.choices.count) steps:")
    for line in shrunk.trace { try print("  \(line)") }
    try print("choices: \(shrunk.choices)")
  }
}
