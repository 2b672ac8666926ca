/// Runs seeds, as many at once as there are processors.
public enum Simulator {
  /// - Parameter progress: Told now and then how many seeds are done.
  public static func run(
    _ options: SimulationOptions, workers: Int, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async -> SimulationReport {
    await withTaskGroup(of: SimulationReport.self) { group in
      let block = 250
      var next = 0
      func addBlock() {
        guard next < options.seeds else { return }
        let range = next..<min(next + block, options.seeds)
        next = range.upperBound
        group.addTask { await runBlock(options, range) }
      }
      for _ in 0..<max(1, workers) { addBlock() }
      var report = SimulationReport()
      for await part in group {
        report.add(part)
        progress(report.seeds)
        if options.stopsAtViolation, !report.failures.isEmpty { group.cancelAll() } else { addBlock() }
      }
      return report
    }
  }

  @concurrent
  private static func runBlock(_ options: SimulationOptions, _ range: Range<Int>) async -> SimulationReport {
    var report = SimulationReport()
    for offset in range {
      if Task.isCancelled { break }
      let seed = options.first &+ UInt64(offset)
      let run = Simulation(options, choices: Choices(seed: seed))
      run.run(steps: options.steps)
      report.add(run, seed: seed)
      if options.stopsAtViolation, run.violation != nil { break }
    }
    return report
  }

  /// The run of one seed, line by line.
  public static func trace(_ options: SimulationOptions, seed: UInt64) -> SimulationRun {
    let run = Simulation(options, choices: Choices(seed: seed), isTracing: true)
    run.run(steps: options.steps)
    return SimulationRun(run)
  }

  /// Makes the run once more that decided so, or one that is like it without some of its steps.
  public static func replay(_ options: SimulationOptions, choices: ChoiceList, isTracing: Bool = false) -> SimulationRun
  {
    let run = Simulation(options, choices: Choices(replaying: choices.steps), isTracing: isTracing)
    run.run(steps: choices.count)
    return SimulationRun(run)
  }

  /// A short run that violates the same invariant; nil if the given one does not violate any.
  ///
  /// - Parameter runs: How many runs it may take. A thousand take a second or two, built for release.
  public static func shrink(_ options: SimulationOptions, choices: ChoiceList, runs: Int = 4_000) -> SimulationRun? {
    guard let violation = replay(options, choices: choices).violation else { return nil }
    func isFailing(_ steps: [[UInt32]]) -> Bool {
      replay(options, choices: ChoiceList(steps: steps)).violation?.invariant == violation.invariant
    }
    // What came after it is of no use.
    let beginning = Array(choices.steps.prefix(violation.step + 2))
    var shrinker = Shrinker(runs: runs, isFailing: isFailing)
    let steps = shrinker.shrink(isFailing(beginning) ? beginning : choices.steps)
    return replay(options, choices: ChoiceList(steps: steps), isTracing: true)
  }
}
