import ArgumentParser
import Holdfast

struct ElectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "elect", abstract: "Take part in an election, or look who leads.",
    discussion: """
      etcdctl elect, and Go's concurrency package, take part with the same name.

      Examples:
        holdfast elect campaign /elections/scheduler "$(hostname)" -- ./scheduler
        holdfast elect observe /elections/scheduler
      """,
    subcommands: [
      ElectCampaignCommand.self, ElectObserveCommand.self, ElectLeaderCommand.self, ElectResignCommand.self,
    ])
}

struct ElectCampaignCommand: StoreCommand {
  static let configuration = CommandConfiguration(
    commandName: "campaign", abstract: "Lead until Ctrl-C, or while a command runs.",
    usage: "holdfast elect campaign [<options>] <name> <value> [-- <command> ...]",
    discussion: """
      Waits until it is this candidate's turn, in the order of arrival. Prints the key that stands for the leader and the \
      fencing token. With a command after -- it behaves as lock does; the variables are HOLDFAST_ELECTION_KEY, \
      HOLDFAST_ELECTION_REVISION (the fencing token) and HOLDFAST_ELECTION_LEASE.

      JSON: a line {"event":"elected","key","token","lease","value"}.

      Examples:
        holdfast elect campaign /elections/scheduler 10.0.0.7
        holdfast elect campaign /elections/scheduler 10.0.0.7 -- ./scheduler
      """)

  @OptionGroup var options: StoreOptions
  @Argument(help: "The election's name; its keys are below it.") var name: String
  @Argument(help: "What observers see of this candidate.") var value: String
  @OptionGroup var hold: HoldOptions

  var runsCommand: Bool { !hold.command.isEmpty }

  func run(on store: Store, _ tool: Tool) async throws -> ExitStatus {
    try await hold.withTurn(at: name, in: store) { turn in
      try await store.election(name).campaign(value, ttl: .seconds(hold.ttl)) { leadership in
        try turn.get()
        let (token, lease) = (leadership.token, leadership.lease.id)
        if !runsCommand || format == .json {
          try tell(
            tool,
            JSONValue.object(leadership.key.members("key")).adding([
              "event": "elected", "token": .integer(token.rawValue), "lease": .string("\(lease)"),
              "value": .string(value),
            ]), "\(leadership.key)\ttoken \(token)")
        }
        return try await hold.whileHeld(
          [
            "HOLDFAST_ELECTION_KEY": "\(leadership.key)", "HOLDFAST_ELECTION_REVISION": "\(token)",
            "HOLDFAST_ELECTION_LEASE": "\(lease)",
          ], tool)
      }
    }
  }
}
