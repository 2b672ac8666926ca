import Holdfast
import Subprocess

/// A command of the user's, which runs while something is held for it.
struct UserCommand: Sendable {
  /// The program and its arguments.
  let words: [String]
  /// How long it may take to end after SIGTERM, before SIGKILL.
  let grace: Duration

  /// Runs it with our standard input, output and error, and with these variables beside the environment that we have.
  ///
  /// Signals that we are sent are its own; those that were ignored when we were started it ignores. When the task is cancelled
  /// the command is ended.
  ///
  /// - Returns: What it ended with; as in a shell 128 and the signal's number where one ended it, 127 where there is no such
  ///   program, 126 where it cannot be run.
  func run(_ variables: [String: String], _ tool: Tool) async throws -> ExitStatus {
    var platform = PlatformOptions()
    platform.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: grace)]
    let updates = variables.map { (Environment.Key(stringLiteral: $0.key), $0.value as String?) }
    defer { tool.relay?.release() }
    // The shell becomes the program, so it has the same process id. It knows how programs are found, and what is said of one
    // that is not. It begins with no signal ignored, whatever we were told.
    let ignored = tool.ignoredSignals.sorted().map { " \($0)" }.joined()
    let script = (ignored.isEmpty ? "" : "trap ''\(ignored); ") + #"exec "$@""#
    let result = try await Subprocess.run(
      .name("sh"), arguments: Arguments(["-c", script, "holdfast"] + words),
      environment: .inherit.updating(Dictionary(updates) { $1 }), platformOptions: platform,
      input: .currentStandardInput, output: .currentStandardOutput, error: .currentStandardError
    ) { execution in
      tool.relay?.redirect(to: execution.processIdentifier.value)
    }
    switch result.terminationStatus {
    case .exited(let code): return ExitStatus(command: code)
    case .signaled(let signal): return ExitStatus(signal: signal)
    }
  }
}
