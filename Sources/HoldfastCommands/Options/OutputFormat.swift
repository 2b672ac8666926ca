import ArgumentParser

/// How results are written.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
  /// For people; it may change.
  case text
  /// One object a line, for scripts.
  case json

  /// Whether a command line that could not be parsed asked for JSON.
  static func isJSON(in arguments: [String]) -> Bool {
    arguments.contains("--output=json") || zip(arguments, arguments.dropFirst()).contains { $0 == ("--output", "json") }
  }
}

struct OutputOptions: ParsableArguments {
  @Option(help: "text for people, json for scripts: one object a line, errors on standard error.")
  var output = OutputFormat.text
}

struct ValueOutputOptions: ParsableArguments {
  @OptionGroup var output: OutputOptions

  @Flag(help: "Show values as they are stored. Otherwise values that a program has compressed are shown inflated.")
  var raw = false

  var format: EntryFormat { EntryFormat(isRaw: raw) }
}
