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

  @Test func aTraceTellsTheSameEachTime() {
    let one = Simulator.trace(options(.correct, seeds: 1), seed: 42).trace
    #expect(one == Simulator.trace(options(.correct, seeds: 1), seed: 42).trace)
    #expect(one.count > 100)
  }

  /// Seeds that once found something, with what it was. They find it no more once the scheduler changes; the tests of the
  /// machines hold each case for good.
  @Test(arguments: [
    (Profile.correct, 7 as UInt64, "a restore while the cache was stopped"),
    (.correct, 501, "a restore between the pages of a list"),
    (.correct, 510, "a list that was sent before an acknowledgement, answered after a restore"),
    (.correct, 1_001, "a write at a revision that was known already"),
    (.correct, 323, "a list that contradicts an acknowledged delete"),
    (.correct, 990, "a watch that resumes in another history, below acknowledged writes"),
    (.v3_4_23, 680, "a list of two histories whose newest keys agree"),
    (.v3_4_23, 563, "a write that is acknowledged while a restore is known"),
    (.correct, 9_180, "a delete of nothing in another history"),
    (.v3_4_23, 6_231, "two stale reads in a row are no restore"),
  ])
  func whatWasFoundStaysFixed(profile: Profile, seed: UInt64, _: String) async {
    let report = await Simulator.run(options(profile, first: seed, seeds: 1), workers: 1)
    #expect(report.failures.map(\.violation) == [])
  }
}
