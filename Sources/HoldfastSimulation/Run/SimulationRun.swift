/// One run that was looked at closely.
public struct SimulationRun: Sendable {
  /// What was violated first, if anything was.
  public let violation: Violation?
  /// What happened, in words; empty if nobody wanted to know.
  public let trace: [String]
  /// What makes the same run once more.
  public let choices: ChoiceList
  /// Equal for equal runs.
  public let fingerprint: UInt64

  init(_ run: Simulation) {
    violation = run.violation
    trace = run.trace
    choices = ChoiceList(steps: run.choices.steps)
    fingerprint = run.fingerprint.value
  }
}
