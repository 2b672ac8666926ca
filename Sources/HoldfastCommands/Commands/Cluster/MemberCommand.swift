import ArgumentParser
import Holdfast
import HoldfastEtcd

struct MemberCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "member", abstract: "Look at and change the members of the cluster.",
    discussion: """
      A member is given by its hexadecimal id or by its name. Change one at a time.

      Examples:
        holdfast member list
        holdfast member add etcd-4 --peer-urls http://10.0.0.4:2380 --learner
        holdfast member promote etcd-4
        holdfast member remove 8e9e05c52164694d
      """,
    subcommands: [
      MemberListCommand.self, MemberAddCommand.self, MemberPromoteCommand.self, MemberUpdateCommand.self,
      MemberRemoveCommand.self,
    ])
}

struct MemberListCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Print the members.",
    usage: "holdfast member list [<options>]",
    discussion: """
      JSON: {"members":[{"member","name","peerURLs":[…],"clientURLs":[…],"isLearner","isStarted"},…]}.

      Example: holdfast member list
      """)

  @OptionGroup var options: StoreOptions
  @Flag(help: "What one member knows, also without a leader.") var serializable = false

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    let members = try await etcd.cluster.members(linearizable: !serializable)
    let heading = ["MEMBER", "STATUS", "NAME", "PEER URLS", "CLIENT URLS", "LEARNER"]
    try tell(tool, ["members": .array(members.map(\.json))], TextTable([heading] + members.map(\.row)).description)
    return .success
  }
}

struct MemberAddCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Add a member, which is to be started afterwards.",
    usage: "holdfast member add [<options>] --peer-urls <peer-urls> <name>",
    discussion: """
      Prints what the new member is to be started with, as variables of its environment. JSON: {"added":member,"members":\
      […],"initialCluster"}, members as list prints them. A peer URL that a member has: memberExists, exit code \
      \(ExitStatus.refused.code).

      Example: holdfast member add etcd-4 --peer-urls http://10.0.0.4:2380 --learner
      """)

  @OptionGroup var options: StoreOptions
  @OptionGroup var peers: PeerOptions
  @Flag(help: "Begin as a learner, without a vote: promote it when it has caught up.") var learner = false
  @Argument(help: "The name that the new member will have.") var name: String

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    let (member, members) = try await etcd.cluster.addMember(peerURLs: peers.urls, isLearner: learner)
    // A member that has not started yet is known by nobody but us.
    let cluster = members.flatMap { other in
      other.peerURLs.map { "\(other.id == member.id ? name : other.name)=\($0)" }
    }.joined(separator: ",")
    try tell(
      tool,
      ["added": member.json, "members": .array(members.map(\.json)), "initialCluster": .string(cluster)],
      """
      member \(member) added\(learner ? " as a learner" : "")

      ETCD_NAME="\(name)"
      ETCD_INITIAL_CLUSTER="\(cluster)"
      ETCD_INITIAL_ADVERTISE_PEER_URLS="\(peers.urls.joined(separator: ","))"
      ETCD_INITIAL_CLUSTER_STATE="existing"
      """)
    return .success
  }
}

struct PeerOptions: ParsableArguments {
  @Option(help: "Where the other members reach it, such as http://10.0.0.4:2380, separated by commas.")
  var peerUrls: String

  func validate() throws {
    if urls.contains(where: \.isEmpty) { throw ValidationError("--peer-urls has an empty URL in it") }
  }

  var urls: [String] { peerUrls.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
}

extension EtcdMember {
  /// As every command prints it.
  var json: JSONValue {
    [
      "member": .id(id), "name": .string(name), "peerURLs": .array(peerURLs.map(JSONValue.string)),
      "clientURLs": .array(clientURLs.map(JSONValue.string)), "isLearner": .bool(isLearner),
      "isStarted": .bool(isStarted),
    ]
  }

  private var isStarted: Bool { !name.isEmpty }

  fileprivate var row: [String] {
    [
      hexadecimal(id, digits: 1), isStarted ? "started" : "unstarted", name, peerURLs.joined(separator: ","),
      clientURLs.joined(separator: ","), isLearner ? "yes" : "no",
    ]
  }
}
