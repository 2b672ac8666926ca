import ArgumentParser
import HoldfastSimulateCommand

struct SimulateCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate", abstract: SimulateOptions.abstract, usage: "holdfast simulate [<options>]",
    discussion: SimulateOptions.discussion)

  @OptionGroup var simulation: SimulateOptions
  @OptionGroup var output: OutputOptions

  var format: OutputFormat { output.output }

  func run(in tool: Tool) async throws -> ExitStatus {
    let isClean = try await simulation.run(asJSON: format == .json) { try tool.output.line($0) }
    return isClean ? .success : .failure
  }
}
