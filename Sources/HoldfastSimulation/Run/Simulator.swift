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
        addBlock()
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
      let run = Simulation(profile: options.profile, choices: Choices(seed: seed))
      run.run(steps: options.steps)
      report.add(run, seed: seed)
    }
    return report
  }

  /// What happens in the run of one seed, line by line.
  public static func trace(_ options: SimulationOptions, seed: UInt64) -> [String] {
    let run = Simulation(profile: options.profile, choices: Choices(seed: seed), isTracing: true)
    run.run(steps: options.steps)
    return run.trace
  }
}
