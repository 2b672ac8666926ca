import HoldfastSimulation
import Testing

/// Runs that are made again from what they decided, and the short runs that violations are shrunk to.
@Suite struct ReplayTests {
  private func options(_ profile: Profile) -> SimulationOptions {
    var options = SimulationOptions()
    options.profile = profile
    return options
  }

  @Test(arguments: Profile.allCases)
  func theChoicesOfARunMakeItAgain(profile: Profile) throws {
    for seed in 1...10 as ClosedRange<UInt64> {
      let run = Simulator.trace(options(profile), seed: seed)
      let choices = try #require(ChoiceList("\(run.choices)"))
      #expect(choices == run.choices)
      let again = Simulator.replay(options(profile), choices: choices, isTracing: true)
      #expect(again.fingerprint == run.fingerprint)
      #expect(again.trace == run.trace)
    }
  }

  /// Servers that lose events violate the guarantees by design: a violation without a defect.
  @Test func aViolationIsShrunkToTheStepsThatItNeeds() async throws {
    var options = options(.correct)
    (options.losesEvents, options.seeds, options.stopsAtViolation) = (true, 500, true)
    let report = await Simulator.run(options, workers: 2)
    let failure = try #require(report.failures.first)
    let run = Simulator.trace(options, seed: failure.seed)
    #expect(run.violation == failure.violation)

    let shrunk = try #require(Simulator.shrink(options, choices: run.choices, runs: 1_500))
    #expect(shrunk.violation?.invariant == failure.violation.invariant)
    #expect(shrunk.choices.count < run.choices.count / 2)
    #expect(shrunk.trace.contains { $0.contains("VIOLATION") })
    let again = Simulator.replay(options, choices: shrunk.choices)
    #expect(again.violation == shrunk.violation)
  }

  @Test func aRunWithoutViolationIsNotShrunk() {
    let run = Simulator.trace(options(.correct), seed: 1)
    #expect(Simulator.shrink(options(.correct), choices: run.choices) == nil)
  }

  @Test func choicesAreReadAsTheyAreWritten() throws {
    let choices = try #require(ChoiceList("setup.1.0.2 operate.0.3 deliverRequest tick.2.0"))
    #expect(choices.count == 3)
    #expect("\(choices)" == "setup.1.0.2 operate.0.3 deliverRequest tick.2")
    #expect(ChoiceList("setup operate") != nil)
  }

  @Test(arguments: ["", "operate", "setup fly", "setup operate.x", "setup operate.-1", "setup ."])
  func otherWordsAreNoChoices(text: String) {
    #expect(ChoiceList(text) == nil)
  }
}
