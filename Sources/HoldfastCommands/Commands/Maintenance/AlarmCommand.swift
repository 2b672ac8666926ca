import ArgumentParser
import Holdfast
import HoldfastEtcd

struct AlarmCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alarm", abstract: "Look at the cluster's alarms, and disarm them.",
    discussion: """
      An alarm stays until it is disarmed, also when its cause is gone. With NOSPACE the cluster refuses puts: delete, \
      compact and defragment before.

      Examples:
        holdfast alarm list
        holdfast alarm disarm
      """,
    subcommands: [AlarmListCommand.self, AlarmDisarmCommand.self])
}

struct AlarmListCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Print the alarms of all members.",
    usage: "holdfast alarm list [<options>]",
    discussion: """
      JSON: {"alarms":[{"member","alarm":"NOSPACE" or "CORRUPT"},…]}.

      Example: holdfast alarm list
      """)

  @OptionGroup var options: StoreOptions

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    let alarms = try await etcd.maintenance.alarms()
    let rows = alarms.map { [hexadecimal($0.memberID, digits: 1), $0.name] }
    let text = alarms.isEmpty ? "no alarms" : TextTable([["MEMBER", "ALARM"]] + rows).description
    try tell(tool, ["alarms": .array(alarms.map(\.json))], text)
    return .success
  }
}

struct AlarmDisarmCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "disarm", abstract: "Disarm all alarms that there are.",
    usage: "holdfast alarm disarm [<options>]",
    discussion: """
      JSON: {"disarmed":[{"member","alarm"},…]}. Without an alarm nothing is done, which is no error.

      Example: holdfast alarm disarm
      """)

  @OptionGroup var options: StoreOptions

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    let alarms = try await etcd.maintenance.disarmAll()
    let lines = alarms.map { "alarm \($0.name) of member \(hexadecimal($0.memberID, digits: 1)) disarmed" }
    try tell(
      tool, ["disarmed": .array(alarms.map(\.json))], lines.isEmpty ? "no alarms" : lines.joined(separator: "\n"))
    return .success
  }
}

extension EtcdAlarm {
  /// As etcd's tools write it.
  fileprivate var name: String {
    switch kind {
    case .noSpace: "NOSPACE"
    case .corrupt: "CORRUPT"
    case .other(let number): "\(number)"
    }
  }

  fileprivate var json: JSONValue { ["member": .id(memberID), "alarm": .string(name)] }
}
