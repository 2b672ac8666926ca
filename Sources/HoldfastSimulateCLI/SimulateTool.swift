import ArgumentParser
import HoldfastSimulateCommand

/// `holdfast simulate` without the rest of the tool: it builds in seconds.
@main
struct SimulateTool: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "holdfast-simulate", abstract: SimulateOptions.abstract, discussion: SimulateOptions.discussion)

  @OptionGroup var options: SimulateOptions
  @Flag(help: "One JSON object a line.") var json = false

  func run() async throws {
    guard try await options.run(asJSON: json, print: { Swift.print($0) }) else { throw ExitCode.failure }
  }
}
