import ArgumentParser
import Holdfast

/// The process as the commands see it: everything that they read, write or ask of their surroundings. Tests make their own.
struct Tool: Sendable {
  var environment: [String: String]
  var input: ByteSource
  var output: ByteSink
  var errors: ByteSink
  /// Whether somebody types: then the shell shows a prompt.
  var isInteractive = false
  /// Whether SIGINT and SIGTERM end a command cleanly; off in tests, whose process is not ours.
  var handlesSignals = false
  /// Signals that whoever started the process had ignored: they stay so, for a command of the user's too.
  var ignoredSignals: Set<Int32> = []
  /// Asks the person at the terminal for a password, which is not shown; nil where there is nobody.
  var askPassword: (@Sendable (_ prompt: String) -> String?)?
  /// The store to use instead of what the command line names, for tests.
  var backend: BackendConfiguration?
  /// Whom to tell of a command of the user's that runs, so that signals go there; nil where none are handled.
  var relay: SignalRelay?

  init(environment: [String: String], input: ByteSource, output: ByteSink, errors: ByteSink) {
    self.environment = environment
    self.input = input
    self.output = output
    self.errors = errors
  }

  /// Parses a command line (without the program's name), executes it and returns the exit code.
  func run(_ arguments: [String]) async -> Int32 {
    let command: any ToolCommand
    if let unknown = UnknownCommand(in: arguments) {
      let error = HoldfastError(.invalidArgument, "\(unknown)")
      return told(error, as: OutputFormat.isJSON(in: arguments) ? .json : .text).code
    }
    do {
      var parsed = try HoldfastCommand.parseAsRoot(arguments)
      guard let own = parsed as? any ToolCommand else {
        // The root alone and ArgumentParser's help command: both throw what is to be printed.
        try parsed.run()
        return ExitStatus.success.code
      }
      command = own
    } catch {
      return told(parsing: error, wantsJSON: OutputFormat.isJSON(in: arguments)).code
    }
    do {
      guard handlesSignals else { return try await command.run(in: self).code }
      return try await untilInterrupted(forwards: command.runsCommand, ignoring: ignoredSignals) { relay in
        var tool = self
        tool.relay = relay
        return try await command.run(in: tool)
      }.code
    } catch {
      return told(error, as: command.format).code
    }
  }

  /// Reports an error on standard error, and says which exit code it has.
  private func told(_ error: any Error, as format: OutputFormat) -> ExitStatus {
    if error is ClosedOutput { return .output }
    let isUnreadable = error is UnreadableInput
    let error = HoldfastError(wrapping: error).inTermsOfOptions
    let text =
      switch format {
      case .json: "\(JSONValue(error))"
      // A server may have written it.
      case .text: ShownValue(Array("holdfast: \(error)".utf8), isRaw: true).lines
      }
    // With nobody to tell it to, the exit code has to say it.
    try? errors.line(text)
    return isUnreadable ? .output : ExitStatus(error.code)
  }

  private func told(parsing error: any Error, wantsJSON: Bool) -> ExitStatus {
    let text = HoldfastCommand.fullMessage(for: error)
    guard HoldfastCommand.exitCode(for: error) != .success else {
      return (try? output.line(text)) == nil ? .output : .success
    }
    if wantsJSON {
      let failure = HoldfastError(.invalidArgument, HoldfastCommand.message(for: error))
      return told(failure, as: .json)
    }
    try? errors.line(text)
    return .usage
  }
}

/// A command that acts on a ``Tool``. Errors that it throws are reported by the tool, with the exit code of their kind.
protocol ToolCommand: ParsableCommand, Sendable {
  var format: OutputFormat { get }
  /// Whether it runs a command of the user's, which gets the signals that we are sent.
  var runsCommand: Bool { get }
  func run(in tool: Tool) async throws -> ExitStatus
}

extension ToolCommand {
  var runsCommand: Bool { false }

  /// Prints one result in the format that is asked for. What a terminal would act on is escaped.
  func tell(_ tool: Tool, _ json: @autoclosure () -> JSONValue, _ text: @autoclosure () -> String) throws {
    try tool.output.line(format == .json ? "\(json())" : ShownValue(Array(text().utf8), isRaw: true).lines)
  }

  /// A name a line, no line for none; in JSON an array of that name.
  func tell(_ tool: Tool, _ name: String, names: [String]) throws {
    if format == .text, names.isEmpty { return }
    try tell(tool, .object([name: .array(names.map(JSONValue.string))]), names.joined(separator: "\n"))
  }
}
