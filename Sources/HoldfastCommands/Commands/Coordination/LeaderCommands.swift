import ArgumentParser
import Holdfast

struct ElectObserveCommand: StoreCommand {
  static let configuration = CommandConfiguration(
    commandName: "observe", abstract: "Print who leads, and every change, until Ctrl-C.",
    usage: "holdfast elect observe [<options>] <name>",
    discussion: """
      A line for each leader: what it said of itself, its key and its fencing token; an empty one where nobody leads. JSON: \
      a line {"event":"leader","key","value","token"} or {"event":"noLeader"}.

      Example: holdfast elect observe /elections/scheduler
      """)

  @OptionGroup var options: StoreOptions
  @Argument(help: "The election's name.") var name: String

  func run(on store: Store, _ tool: Tool) async throws -> ExitStatus {
    for try await leader in store.election(name).observe() {
      try tell(
        tool, leader?.json.adding(["event": "leader"]) ?? ["event": "noLeader"], leader?.line ?? "")
    }
    return .success
  }
}

struct ElectLeaderCommand: StoreCommand {
  static let configuration = CommandConfiguration(
    commandName: "leader", abstract: "Print who leads now.",
    usage: "holdfast elect leader [<options>] <name>",
    discussion: """
      JSON: {"key","value","token"}. Where nobody leads: keyNotFound, exit code \(ExitStatus.notFound.code).

      Example: holdfast elect leader /elections/scheduler
      """)

  @OptionGroup var options: StoreOptions
  @Argument(help: "The election's name.") var name: String

  func run(on store: Store, _ tool: Tool) async throws -> ExitStatus {
    let leader = try await store.election(name).requiredLeader()
    try tell(tool, leader.json, leader.line)
    return .success
  }
}

struct ElectResignCommand: StoreCommand {
  static let configuration = CommandConfiguration(
    commandName: "resign", abstract: "Make who leads resign.",
    usage: "holdfast elect resign [<options>] <name>",
    discussion: """
      Deletes the leader's key. The leader notices, and the next candidate leads. JSON: {"resigned":{"key","value",\
      "token"},"revision"}. Where nobody leads: keyNotFound, exit code \(ExitStatus.notFound.code); where somebody else \
      leads meanwhile, or --value is not the leader's: constraintViolated, exit code \(ExitStatus.refused.code).

      Example: holdfast elect resign /elections/scheduler --value 10.0.0.7
      """)

  @OptionGroup var options: StoreOptions
  @Option(help: "Only if this is what the leader says of itself.") var value: String?
  @Argument(help: "The election's name.") var name: String

  func run(on store: Store, _ tool: Tool) async throws -> ExitStatus {
    let leader = try await store.election(name).requiredLeader()
    if let value, leader.value != Array(value.utf8) {
      throw HoldfastError(
        .constraintViolated, "the leader is another one: \(leader.line)", key: leader.key, outcome: .refused)
    }
    // The key and its token are this leader's: who leads after it loses nothing.
    let delete = DeleteRangeRequest(.key(leader.key))
    let answer = try await store.backend.transact(
      TransactionRequest(
        compares: [Compare(key: leader.key, .createRevision(leader.token))], success: [.deleteRange(delete)]))
    guard answer.succeeded else {
      throw HoldfastError(
        .constraintViolated, "the leader has resigned meanwhile", key: leader.key, outcome: .refused,
        revision: answer.header.revision)
    }
    try tell(
      tool, ["resigned": leader.json, "revision": .integer(answer.header.revision.rawValue)],
      "\(leader.line)\tresigned")
    return .success
  }
}

extension Election {
  fileprivate func requiredLeader() async throws -> Leader {
    guard let leader = try await leader() else { throw HoldfastError(.keyNotFound, "nobody leads", key: name) }
    return leader
  }
}

extension Leader {
  fileprivate var json: JSONValue {
    JSONValue.object(key.members("key")).adding(ShownValue(value, isRaw: true).members).adding([
      "token": .integer(token.rawValue)
    ])
  }

  fileprivate var line: String { "\(ShownValue(value, isRaw: true).oneLine)\t\(key)\ttoken \(token)" }
}
