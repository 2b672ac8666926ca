import ArgumentParser
import Holdfast
import HoldfastEtcd

struct MemberPromoteCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "promote", abstract: "Make a learner a voting member.",
    usage: "holdfast member promote [<options>] <member>",
    discussion: """
      JSON: {"promoted":ID,"members":[…]}. A learner that has not caught up: learnerNotReady, exit code \
      \(ExitStatus.refused.code).

      Example: holdfast member promote etcd-4
      """)

  @OptionGroup var options: StoreOptions
  @Argument(help: "The member's id or name.") var member: String

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    let member = try await etcd.cluster.member(member)
    let members = try await etcd.cluster.promoteMember(member.id)
    try tell(
      tool, ["promoted": .id(member.id), "members": .array(members.map(\.json))],
      "member \(member) promoted: it votes now")
    return .success
  }
}

struct MemberUpdateCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Change where the others reach a member.",
    usage: "holdfast member update [<options>] --peer-urls <peer-urls> <member>",
    discussion: """
      JSON: {"updated":ID,"members":[…]}. A learner is refused, exit code \(ExitStatus.usage.code): etcd 3.4 and 3.5 would \
      forget by it that it is one. Promote it first, or remove it and add it again.

      Example: holdfast member update etcd-4 --peer-urls http://10.0.0.5:2380
      """)

  @OptionGroup var options: StoreOptions
  @OptionGroup var peers: PeerOptions
  @Argument(help: "The member's id or name.") var member: String

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    let member = try await etcd.cluster.member(member)
    let members = try await etcd.cluster.updateMember(member.id, peerURLs: peers.urls)
    try tell(
      tool, ["updated": .id(member.id), "members": .array(members.map(\.json))],
      "member \(member) updated: \(peers.urls.joined(separator: ","))")
    return .success
  }
}

struct MemberRemoveCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Take a member out of the cluster, for good.",
    usage: "holdfast member remove [<options>] <member>",
    discussion: """
      It stops, and its id never comes back. Nobody is asked. JSON: {"removed":ID,"members":[…]}.

      Example: holdfast member remove 8e9e05c52164694d
      """)

  @OptionGroup var options: StoreOptions
  @Argument(help: "The member's id or name.") var member: String

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    let member = try await etcd.cluster.member(member)
    let members = try await etcd.cluster.removeMember(member.id)
    try tell(
      tool, ["removed": .id(member.id), "members": .array(members.map(\.json))],
      "member \(member) removed; \(members.count) left")
    return .success
  }
}

struct MoveLeaderCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "move-leader", abstract: "Hand the leadership of the cluster to another member.",
    usage: "holdfast move-leader [<options>] <member>",
    discussion: """
      JSON: {"leader":ID}.

      Example: holdfast move-leader etcd-2
      """)

  @OptionGroup var options: StoreOptions
  @Argument(help: "The id or the name of the member that is to lead.") var member: String

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    let member = try await etcd.cluster.member(member)
    try await etcd.maintenance.moveLeader(to: member.id)
    try tell(tool, ["leader": .id(member.id)], "member \(member) leads now")
    return .success
  }
}

extension EtcdBackend.Cluster {
  /// The member of that id or name. An id that is also another member's name is refused, as is a name that several have.
  fileprivate func member(_ text: String) async throws -> EtcdMember {
    let members = try await members(linearizable: false)
    let id = UInt64(text, radix: 16)
    let found = members.filter { $0.id == id || $0.name == text }
    if let member = found.first, found.count == 1 { return member }
    let known = members.map { "\($0)" }.joined(separator: ", ")
    throw found.isEmpty
      ? HoldfastError(
        .memberNotFound, "there is no member with the id or the name '\(text)'; there are \(known)", outcome: .refused)
      : HoldfastError(.invalidArgument, "'\(text)' may be several members: \(known)", outcome: .refused)
  }
}
