import ArgumentParser
import Holdfast
import HoldfastEtcd

struct UserGrantRoleCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "grant-role", abstract: "Give a user a role.",
    usage: "holdfast user grant-role [<options>] <user> <role>",
    discussion: """
      JSON: {"user","role","granted":true}.

      Example: holdfast user grant-role reader readers
      """)

  @OptionGroup var options: StoreOptions
  @Argument(help: "The user's name.") var user: String
  @Argument(help: "The role's name.") var role: String

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    try await etcd.auth.grantRole(role, toUser: user)
    try tell(
      tool, ["user": .string(user), "role": .string(role), "granted": true], "role \(role) granted to user \(user)")
    return .success
  }
}

struct UserRevokeRoleCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke-role", abstract: "Take a role from a user.",
    usage: "holdfast user revoke-role [<options>] <user> <role>",
    discussion: """
      Watches that stand go on. JSON: {"user","role","revoked":true}.

      Example: holdfast user revoke-role reader readers
      """)

  @OptionGroup var options: StoreOptions
  @Argument(help: "The user's name.") var user: String
  @Argument(help: "The role's name.") var role: String

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    try await etcd.auth.revokeRole(role, fromUser: user)
    try tell(
      tool, ["user": .string(user), "role": .string(role), "revoked": true], "role \(role) revoked from user \(user)")
    return .success
  }
}
