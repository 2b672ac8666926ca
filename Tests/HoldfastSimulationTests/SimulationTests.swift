import HoldfastSimulation
import Testing

/// The simulation itself: that its runs repeat. What it finds is looked for by `holdfast-simulate`, built for release.
@Suite struct SimulationTests {
  private func options(_ profile: Profile, first: UInt64 = 1, seeds: Int) -> SimulationOptions {
    var options = SimulationOptions()
    (options.profile, options.first, options.seeds) = (profile, first, seeds)
    return options
  }

  @Test(arguments: Profile.allCases)
  func noInvariantIsViolated(profile: Profile) async {
    let report = await Simulator.run(options(profile, seeds: 40), workers: 2)
    #expect(report.failures.map(\.seed) == [])
    #expect(report.steps > 40 * 250)
    #expect(report.checks.reduce(0, +) > 1_000)
  }

  @Test func runsOfOneSeedAreEqual() async {
    let first = await Simulator.run(options(.v3_4_23, first: 7, seeds: 10), workers: 1)
    let second = await Simulator.run(options(.v3_4_23, first: 7, seeds: 10), workers: 3)
    #expect(first.fingerprint == second.fingerprint)
    #expect(first.checks == second.checks)
    #expect(first.faults == second.faults)
    let other = await Simulator.run(options(.v3_4_23, first: 8, seeds: 10), workers: 1)
    #expect(first.fingerprint != other.fingerprint)
  }

  /// What was asked for moves the caches of members that order it, and of no others.
  @Test(arguments: Profile.allCases)
  func progressIsTrustedByTheVersion(profile: Profile) {
    var trusted = 0
    for seed in UInt64(1)...60 {
      var isRequested = false
      for line in Simulator.trace(options(profile, seeds: 1), seed: seed).trace {
        if isRequested, line.contains("ordered progress") { trusted += 1 }
        isRequested = line.contains("receives watch -1") && !line.contains("canceled")
      }
    }
    #expect((trusted > 0) == (profile == .correct))
  }

  @Test func aTraceTellsTheSameEachTime() {
    let one = Simulator.trace(options(.correct, seeds: 1), seed: 42).trace
    #expect(one == Simulator.trace(options(.correct, seeds: 1), seed: 42).trace)
    #expect(one.count > 100)
  }
}
