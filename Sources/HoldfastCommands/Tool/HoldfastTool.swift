import Holdfast
import Logging

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The command-line tool as a process.
public enum HoldfastTool {
  /// Runs the command line of this process and ends it.
  public static func main() async -> Never {
    StandardDescriptors.reserve()
    let environment = ProcessInfo.processInfo.environment
    // Errors are reported once, by the command. `HOLDFAST_LOG` shows what the library logs beside them, on standard error.
    let level = environment["HOLDFAST_LOG"].flatMap(Logger.Level.init(rawValue:))
    if let name = environment["HOLDFAST_LOG"], level == nil, !name.isEmpty {
      let known = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
      try? ByteSink.descriptor(STDERR_FILENO).line(
        "holdfast: HOLDFAST_LOG is '\(Key(name))', so nothing is logged; there are \(known)")
    }
    LoggingSystem.bootstrap { label in
      guard let level else { return SwiftLogNoOpLogHandler() }
      var handler = StreamLogHandler.standardError(label: label)
      handler.logLevel = level
      return handler
    }
    let ignored = ProcessSignal.ignored()
    // A reader that goes away (`holdfast list | head`) is an error of the write, not the end by a signal.
    signal(SIGPIPE, SIG_IGN)
    var tool = Tool(
      environment: environment, input: .standardInput, output: .descriptor(STDOUT_FILENO),
      errors: .descriptor(STDERR_FILENO))
    tool.isInteractive = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1
    if tool.isInteractive { tool.askPassword = { getpass($0).map { String(cString: $0) } } }
    tool.handlesSignals = true
    tool.ignoredSignals = ignored
    guard CommandLine.argumentsAreUnicode else {
      // Swift would replace what it cannot read, and the command would act on another key.
      try? tool.errors.line(
        "holdfast: an argument is not UTF-8; values can be given on standard input (-), keys in the shell")
      exit(ExitStatus.usage.code)
    }
    exit(await tool.run(Array(CommandLine.arguments.dropFirst())))
  }
}

extension CommandLine {
  /// Whether every argument is text, as the process was given it.
  fileprivate static var argumentsAreUnicode: Bool {
    (0..<Int(argc)).allSatisfy { index in
      guard let argument = unsafeArgv[index] else { return true }
      return String(validatingCString: argument) != nil
    }
  }
}
