import HoldfastSimulation
import Testing

/// When a report is good enough.
@Suite struct SummaryTests {
  /// All kinds of faults of a profile, and all checks, as after many seeds.
  private func report(seeds: Int, _ profile: Profile = .correct) async -> (SimulationOptions, SimulationReport) {
    var options = SimulationOptions()
    (options.profile, options.seeds) = (profile, 60)
    var report = await Simulator.run(options, workers: 2)
    report.seeds = seeds
    for fault in Fault.allCases { report.faults[fault, default: 0] += 1 }
    for invariant in Invariant.allCases { report.checks[invariant.rawValue] += 1 }
    for resolution in ["leftUnknown", "resolvedApplied", "resolvedRefused", "resolvedUnanswered"] {
      report.resolutions[resolution, default: 0] += 1
    }
    for repair in Repair.allCases { report.repairs[repair, default: 0] += 1 }
    report.sharedLists += 1
    return (options, report)
  }

  private func isClean(_ options: SimulationOptions, _ report: SimulationReport) -> Bool {
    SimulationSummary(options, report, duration: .seconds(1)).isClean
  }

  @Test func aKindOfFaultThatNeverHappenedIsAFailureOfManySeeds() async {
    var (options, report) = await report(seeds: 1_000, .v3_5_12)
    #expect(isClean(options, report))
    report.faults[.silentProgress] = nil
    #expect(!isClean(options, report))
    report.seeds = 999
    #expect(isClean(options, report))
    options.profile = .correct
    report.seeds = 1_000
    #expect(isClean(options, report))
  }

  @Test func aCheckThatNeverHappenedIsAFailureOfManySeeds() async {
    var (options, report) = await report(seeds: 1_000)
    report.checks[Invariant.linearizable.rawValue] = 0
    #expect(!isClean(options, report))
  }

  @Test func aRepairThatNeverHappenedIsAFailureOfManySeeds() async {
    var (options, report) = await report(seeds: 1_000)
    #expect(isClean(options, report))
    report.repairs[.watchReplaced] = nil
    #expect(!isClean(options, report))
    options.seeds = 999
    report.seeds = 999
    #expect(isClean(options, report))
  }

  @Test func whatCouldNotBeJudgedIsShownAndMustBeRare() async {
    var (options, report) = await report(seeds: 1_000)
    report.checks[Invariant.linearizable.rawValue] = 20_000
    report.undecided = 2
    #expect(isClean(options, report))
    #expect(SimulationSummary(options, report, duration: .seconds(1)).text.contains("not judged within the limit: 2"))
    report.undecided = 3
    #expect(!isClean(options, report))
  }

  /// Only servers that were made to lose events do.
  @Test func eventsAreLostByChoiceAlone() async {
    var options = SimulationOptions()
    options.seeds = 60
    let report = await Simulator.run(options, workers: 2)
    #expect(report.faults[.eventsLost] == nil && report.faults[.deleteLost] == nil)
    options.losesEvents = true
    let losing = await Simulator.run(options, workers: 2)
    #expect(losing.faults[.eventsLost] != nil)
  }
}
