import ArgumentParser
import Holdfast
import HoldfastEtcd

struct EndpointCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "endpoint", abstract: "Ask every endpoint for its state, its health, its hash.",
    discussion: """
      Examples:
        holdfast endpoint status --cluster
        holdfast endpoint health
        holdfast endpoint hash --cluster
      """,
    subcommands: [EndpointStatusCommand.self, EndpointHealthCommand.self, EndpointHashCommand.self])
}

/// Which endpoints.
struct ClusterOptions: ParsableArguments {
  @Flag(help: "Ask every member, at one of its client URLs, instead of the endpoints that are given.") var cluster =
    false

  func endpoints(of etcd: EtcdBackend) async throws -> [String] {
    let given = etcd.endpoints
    guard cluster else { return given }
    // Once each. One that is given can be reached, and its scheme is one that the client has what it needs for.
    let schemes = Set(given.map(Self.scheme))
    return try await etcd.cluster.members(linearizable: false).map(\.clientURLs).compactMap { urls in
      urls.first(where: given.contains) ?? urls.first { schemes.contains(Self.scheme($0)) } ?? urls.first
    }
  }

  private static func scheme(_ url: String) -> Substring { url.prefix { $0 != ":" } }

  /// Asks all at the same time, since one that is down must not delay the others; the answers are in the endpoints' order.
  func ask<Answer: Sendable>(
    _ etcd: EtcdBackend, _ question: @escaping @Sendable (String) async throws -> Answer
  ) async throws -> [EndpointAnswer<Answer>] {
    let endpoints = try await endpoints(of: etcd)
    return await withTaskGroup(of: (Int, EndpointAnswer<Answer>).self) { group in
      for (index, endpoint) in endpoints.enumerated() {
        group.addTask {
          do {
            return (index, EndpointAnswer(endpoint: endpoint, result: .success(try await question(endpoint))))
          } catch {
            let error = HoldfastError(wrapping: error).inTermsOfOptions
            return (index, EndpointAnswer(endpoint: endpoint, result: .failure(error)))
          }
        }
      }
      var answers: [(Int, EndpointAnswer<Answer>)] = []
      for await answer in group { answers.append(answer) }
      return answers.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }
}

/// What an endpoint said.
struct EndpointAnswer<Answer: Sendable>: Sendable {
  let endpoint: String
  let result: Result<Answer, HoldfastError>

  /// A line for scripts.
  func json(_ members: (Answer) -> JSONValue) -> JSONValue {
    let value =
      switch result {
      case .success(let answer): members(answer)
      case .failure(let error): JSONValue(error)
      }
    return value.adding(["endpoint": .string(endpoint)])
  }

  /// A row of the table; of a failure only its last column says something.
  func row(_ cells: (Answer) -> [String], columns: Int) -> [String] {
    switch result {
    case .success(let answer): [endpoint] + cells(answer)
    case .failure(let error): [endpoint] + Array(repeating: "-", count: columns - 2) + [error.message]
    }
  }
}

extension ToolCommand {
  /// Prints a line or a row for each endpoint. The exit code is that of the first that did not answer.
  func tell<Answer>(
    _ tool: Tool, _ answers: [EndpointAnswer<Answer>], _ heading: [String], _ cells: (Answer) -> [String],
    _ members: (Answer) -> JSONValue
  ) throws -> ExitStatus {
    switch format {
    case .json: for answer in answers { try tool.output.line("\(answer.json(members))") }
    case .text:
      let rows = answers.map { $0.row(cells, columns: heading.count) }
      try tool.output.line(TextTable([heading] + rows).description)
    }
    for case .failure(let error) in answers.map(\.result) { return ExitStatus(error.code) }
    return .success
  }
}
