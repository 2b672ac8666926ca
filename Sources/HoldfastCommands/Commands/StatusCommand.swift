import ArgumentParser
import Holdfast
import HoldfastEtcd

struct StatusCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Print the state of every endpoint.",
    usage: "holdfast status [<options>]",
    discussion: """
      JSON: a line for each endpoint: {"endpoint","version","revision","databaseSize","databaseSizeInUse","leader", \
      "isLeader","isLearner","member","raftTerm","errors"}, or {"endpoint","error","message"}. The exit code is that of the \
      first endpoint that does not answer. endpoint status tells more.

      Example: holdfast status --endpoints http://10.0.0.1:2379,http://10.0.0.2:2379
      """)

  @OptionGroup var endpoints: EndpointOptions
  @OptionGroup var output: OutputOptions

  var format: OutputFormat { output.output }

  func run(in tool: Tool) async throws -> ExitStatus {
    let answers = await states(try stores(for: tool))
    switch format {
    case .json: for (name, state) in answers { try tool.output.line("\(json(name, state))") }
    case .text:
      let heading = ["ENDPOINT", "VERSION", "REVISION", "SIZE", "IN USE", "ROLE", "PROBLEMS"]
      try tool.output.line(TextTable([heading] + answers.map(row)).description)
    }
    for case (_, .failure(let error)) in answers { return ExitStatus(error.code) }
    return .success
  }

  private typealias Answer = (name: String, state: Result<BackendStatus, HoldfastError>)

  private func stores(for tool: Tool) throws -> [(String, BackendConfiguration)] {
    if let backend = tool.backend { return [("given", backend)] }
    let urls = try endpoints.urls(tool.environment)
    if urls.isEmpty { throw EndpointOptions.missing }
    // One that cannot be understood is a mistake in the command line, not a member that is down.
    let configure = try endpoints.configure(for: tool)
    _ = try BackendConfiguration.etcd(endpoints: urls, configure).make()
    return urls.map { ($0, .etcd(endpoints: [$0], configure)) }
  }

  /// Asks all at the same time: one that is down must not delay the others.
  private func states(_ stores: [(String, BackendConfiguration)]) async -> [Answer] {
    await withTaskGroup(of: (Int, Answer).self) { group in
      for (index, (name, configuration)) in stores.enumerated() {
        group.addTask {
          do {
            return (index, (name, .success(try await withStore(configuration) { try await $0.backend.status() })))
          } catch {
            return (index, (name, .failure(HoldfastError(wrapping: error).inTermsOfOptions)))
          }
        }
      }
      var answers: [(Int, Answer)] = []
      for await answer in group { answers.append(answer) }
      return answers.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  private func json(_ name: String, _ state: Result<BackendStatus, HoldfastError>) -> JSONValue {
    switch state {
    case .failure(let error): JSONValue(error).adding(["endpoint": .string(name)])
    case .success(let status):
      [
        "endpoint": .string(name), "version": .string(status.version),
        "revision": .integer(status.header.revision.rawValue), "databaseSize": .integer(status.databaseSize),
        "databaseSizeInUse": .integer(status.databaseSizeInUse),
        "leader": .string(hexadecimal(status.leader, digits: 1)),
        "member": .string(hexadecimal(status.header.memberID, digits: 1)), "isLeader": .bool(status.isLeader),
        "isLearner": .bool(status.isLearner), "raftTerm": .unsigned(status.header.raftTerm),
        "errors": .array(status.errors.map(JSONValue.string)),
      ]
    }
  }

  private func row(_ answer: Answer) -> [String] {
    switch answer.state {
    case .failure(let error): [answer.name, "-", "-", "-", "-", "-", error.message]
    case .success(let status):
      [
        answer.name, status.version, "\(status.header.revision)", shownBytes(status.databaseSize),
        shownBytes(status.databaseSizeInUse), status.isLeader ? "leader" : status.isLearner ? "learner" : "follower",
        status.errors.joined(separator: "; "),
      ]
    }
  }
}

extension BackendStatus {
  fileprivate var isLeader: Bool { leader != 0 && leader == header.memberID }
}
