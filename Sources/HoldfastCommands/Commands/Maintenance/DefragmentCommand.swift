import ArgumentParser
import Holdfast
import HoldfastEtcd

struct DefragmentCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "defragment", abstract: "Make databases as small as what they hold.",
    usage: "holdfast defragment [<options>]",
    discussion: """
      One member after the other, the leader last, since each serves nothing meanwhile. It ends at the first that fails. \
      JSON: a line for each: {"endpoint","before","after"} in bytes. --timeout is for each of them. (default: 60)

      Example: holdfast defragment --cluster
      """,
    aliases: ["defrag"])

  @OptionGroup var options: StoreOptions
  @OptionGroup var which: ClusterOptions

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    let timeout = options.endpoints.timeout.map { Duration.seconds($0) } ?? .seconds(60)
    let maintenance = etcd.maintenance
    // Who does not answer is not asked to do it either, and who has two endpoints only once.
    var members: Set<UInt64> = []
    let states = try await which.ask(etcd) { try await maintenance.status(of: $0) }
      .map { (endpoint: $0.endpoint, status: try $0.result.get()) }
      .filter { members.insert($0.status.memberID).inserted }
    for (endpoint, before) in states.filter({ !$0.status.isLeader }) + states.filter(\.status.isLeader) {
      try await maintenance.defragment(endpoint, timeout: timeout)
      let after = try await maintenance.status(of: endpoint)
      try tell(
        tool,
        [
          "endpoint": .string(endpoint), "before": .integer(before.databaseSize), "after": .integer(after.databaseSize),
        ], "\(endpoint): \(shownBytes(before.databaseSize)) before, \(shownBytes(after.databaseSize)) after")
    }
    return .success
  }
}
