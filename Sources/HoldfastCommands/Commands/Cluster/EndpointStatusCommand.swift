import ArgumentParser
import Holdfast
import HoldfastEtcd

struct EndpointStatusCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Print the state of every endpoint.",
    usage: "holdfast endpoint status [<options>]",
    discussion: """
      JSON: a line for each endpoint: {"endpoint","member","version","revision","databaseSize","databaseSizeInUse",\
      "leader" (null without one),"isLeader","isLearner","raftTerm","raftIndex","raftAppliedIndex","errors"}, or \
      {"endpoint","error","message"}. The exit code is that of the first endpoint that does not answer.

      Example: holdfast endpoint status --cluster
      """)

  @OptionGroup var options: StoreOptions
  @OptionGroup var which: ClusterOptions

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    let answers = try await which.ask(etcd) { try await etcd.maintenance.status(of: $0) }
    let heading = [
      "ENDPOINT", "MEMBER", "VERSION", "REVISION", "SIZE", "IN USE", "ROLE", "RAFT TERM", "RAFT INDEX", "PROBLEMS",
    ]
    return try tell(tool, answers, heading) { status in
      [
        hexadecimal(status.memberID, digits: 1), status.version, "\(status.header.revision)",
        shownBytes(status.databaseSize), shownBytes(status.databaseSizeInUse), status.role, "\(status.raftTerm)",
        "\(status.raftIndex)", status.errors.joined(separator: "; "),
      ]
    } _: { status in
      [
        "member": .id(status.memberID), "version": .string(status.version),
        "revision": .integer(status.header.revision.rawValue), "databaseSize": .integer(status.databaseSize),
        "databaseSizeInUse": .integer(status.databaseSizeInUse), "leader": status.leader.map { .id($0) } ?? .null,
        "isLeader": .bool(status.isLeader), "isLearner": .bool(status.isLearner),
        "raftTerm": .unsigned(status.raftTerm), "raftIndex": .unsigned(status.raftIndex),
        "raftAppliedIndex": .unsigned(status.raftAppliedIndex),
        "errors": .array(status.errors.map(JSONValue.string)),
      ]
    }
  }
}

extension EtcdStatus {
  fileprivate var role: String { isLeader ? "leader" : isLearner ? "learner" : "follower" }
}

/// A size for people.
func shownBytes(_ count: Int64) -> String {
  count < 10_240 ? "\(count) B" : count < 10_485_760 ? "\(count / 1024) KiB" : "\(count / 1_048_576) MiB"
}
