import ArgumentParser
import Holdfast
import HoldfastEtcd

struct AuthCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "auth", abstract: "Switch authentication on and off.",
    discussion: """
      Examples:
        holdfast user add root && holdfast role add root
        holdfast user grant-role root root && holdfast auth enable
        HOLDFAST_PASSWORD=… holdfast auth status --user root
      """,
    subcommands: [AuthEnableCommand.self, AuthDisableCommand.self, AuthStatusCommand.self])
}

struct AuthEnableCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "enable", abstract: "Switch authentication on.",
    usage: "holdfast auth enable [<options>]",
    discussion: """
      There must be a user root with the role root. JSON: {"enabled":true}.

      Example: holdfast auth enable
      """)

  @OptionGroup var options: StoreOptions

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    try await etcd.auth.enable()
    try tell(tool, ["enabled": true], "authentication is on: whoever comes without a user is refused")
    return .success
  }
}

struct AuthDisableCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "disable", abstract: "Switch authentication off: everybody may do everything.",
    usage: "holdfast auth disable [<options>]",
    discussion: """
      Nobody is asked. JSON: {"enabled":false}.

      Example: HOLDFAST_PASSWORD=… holdfast auth disable --user root
      """)

  @OptionGroup var options: StoreOptions

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    try await etcd.auth.disable()
    try tell(tool, ["enabled": false], "authentication is off: everybody may do everything")
    return .success
  }
}

struct AuthStatusCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Print whether authentication is switched on.",
    usage: "holdfast auth status [<options>]",
    discussion: """
      JSON: {"enabled","authRevision"}. etcd before 3.5 does not tell: unimplemented, exit code \
      \(ExitStatus.internal.code).

      Example: holdfast auth status
      """)

  @OptionGroup var options: StoreOptions

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    let status: EtcdAuthStatus
    do {
      status = try await etcd.auth.status()
    } catch let error as HoldfastError where error.code == .unimplemented {
      throw HoldfastError(.unimplemented, "this etcd does not tell; etcd 3.5 and later do", cause: error)
    }
    try tell(
      tool, ["enabled": .bool(status.isEnabled), "authRevision": .unsigned(status.revision)],
      "authentication is \(status.isEnabled ? "on" : "off") (revision \(status.revision) of users and roles)")
    return .success
  }
}
