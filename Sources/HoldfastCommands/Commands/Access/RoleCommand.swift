import ArgumentParser
import Holdfast
import HoldfastEtcd

struct RoleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "role", abstract: "Manage the cluster's roles and what they may do.",
    discussion: """
      Examples:
        holdfast role add readers
        holdfast role grant-permission readers read /acme/jobs --prefix
        holdfast role get readers
      """,
    subcommands: [
      RoleListCommand.self, RoleGetCommand.self, RoleAddCommand.self, RoleDeleteCommand.self,
      RoleGrantPermissionCommand.self, RoleRevokePermissionCommand.self,
    ])
}

struct RoleListCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Print the names of the roles.",
    usage: "holdfast role list [<options>]",
    discussion: """
      JSON: {"roles":[…]}.

      Example: holdfast role list
      """)

  @OptionGroup var options: StoreOptions

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    try tell(tool, "roles", names: try await etcd.auth.roles())
    return .success
  }
}

struct RoleGetCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Print what a role may do.",
    usage: "holdfast role get [<options>] <role>",
    discussion: """
      A row for each permission: the access, the first key and, where it is a range, the first key after it. JSON: {"role",\
      "permissions":[{"access":"read", "write" or "readwrite","key","rangeEnd"},…]}: "rangeEnd" is missing for one key, and \
      null where a range has no end.

      Example: holdfast role get readers
      """)

  @OptionGroup var options: StoreOptions
  @Argument(help: "The role's name.") var role: String

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    let permissions = try await etcd.auth.permissions(ofRole: role)
    let rows = permissions.map { permission in
      let range = permission.range
      let end = range.isSingleKey ? "" : range.end.map { "\($0)" } ?? "(no end)"
      return [PermissionAccess(permission.access).rawValue, "\(range.start)", end, range.isPrefix ? "\(range)" : ""]
    }
    let members = permissions.map { $0.range.members.adding(["access": .string(PermissionAccess($0.access).rawValue)]) }
    try tell(
      tool, ["role": .string(role), "permissions": .array(members)],
      TextTable([["ACCESS", "KEY", "RANGE END", "PREFIX"]] + rows).description)
    return .success
  }
}

struct RoleAddCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Add a role, which may do nothing yet.",
    usage: "holdfast role add [<options>] <role>",
    discussion: """
      JSON: {"role","added":true}.

      Example: holdfast role add readers
      """)

  @OptionGroup var options: StoreOptions
  @Argument(help: "The role's name.") var role: String

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    try await etcd.auth.addRole(role)
    try tell(tool, ["role": .string(role), "added": true], "role \(role) added")
    return .success
  }
}

struct RoleDeleteCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Delete a role, and take it from every user.",
    usage: "holdfast role delete [<options>] <role>",
    discussion: """
      Nobody is asked. JSON: {"role","deleted":true}.

      Example: holdfast role delete readers
      """)

  @OptionGroup var options: StoreOptions
  @Argument(help: "The role's name.") var role: String

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    try await etcd.auth.deleteRole(role)
    try tell(tool, ["role": .string(role), "deleted": true], "role \(role) deleted")
    return .success
  }
}
