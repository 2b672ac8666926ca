import ArgumentParser
import Holdfast
import HoldfastEtcd

struct UsersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user", abstract: "Manage the cluster's users.",
    discussion: """
      The password of who does it comes from HOLDFAST_PASSWORD, --password-file or the terminal; that which a user is to \
      have from HOLDFAST_NEW_PASSWORD, --new-password-stdin or the terminal.

      Examples:
        holdfast user add root
        holdfast user add reader --new-password-stdin < password.txt
        holdfast user grant-role reader readers
      """,
    subcommands: [
      UserListCommand.self, UserGetCommand.self, UserAddCommand.self, UserDeleteCommand.self, UserPasswordCommand.self,
      UserGrantRoleCommand.self, UserRevokeRoleCommand.self,
    ])
}

struct UserListCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Print the names of the users.",
    usage: "holdfast user list [<options>]",
    discussion: """
      JSON: {"users":[…]}.

      Example: holdfast user list
      """)

  @OptionGroup var options: StoreOptions

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    try tell(tool, "users", names: try await etcd.auth.users())
    return .success
  }
}

struct UserGetCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Print the roles of a user.",
    usage: "holdfast user get [<options>] <name>",
    discussion: """
      JSON: {"user","roles":[…]}.

      Example: holdfast user get reader
      """)

  @OptionGroup var options: StoreOptions
  @Argument(help: "The user's name.") var name: String

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    let roles = try await etcd.auth.roles(ofUser: name)
    try tell(
      tool, ["user": .string(name), "roles": .array(roles.map(JSONValue.string))],
      "\(name): \(roles.isEmpty ? "no roles" : roles.joined(separator: ", "))")
    return .success
  }
}

struct UserAddCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Add a user.",
    usage: "holdfast user add [<options>] <name>",
    discussion: """
      JSON: {"user","added":true,"hasPassword"}.

      Examples:
        holdfast user add reader
        holdfast user add reader --new-password-stdin < password.txt
        holdfast user add reader --no-password
      """)

  @OptionGroup var options: StoreOptions
  @OptionGroup var secret: NewPasswordOptions
  @Flag(help: "One who can authenticate by a client certificate only.") var noPassword = false
  @Argument(help: "The user's name.") var name: String

  func validate() throws {
    if noPassword, secret.newPasswordStdin {
      throw ValidationError("--no-password and --new-password-stdin contradict each other")
    }
    // As etcdctl has it. The message does not say it once more.
    if name.contains(":") {
      throw ValidationError("NAME:PASSWORD shows the password to everybody who lists processes: give the name alone")
    }
  }

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    let password = noPassword ? nil : try await secret.password(of: name, tool)
    try await etcd.auth.addUser(name, password: password)
    try tell(
      tool, ["user": .string(name), "added": true, "hasPassword": .bool(password != nil)],
      "user \(name) added\(noPassword ? ", without a password" : "")")
    return .success
  }
}

struct UserDeleteCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Delete a user.",
    usage: "holdfast user delete [<options>] <name>",
    discussion: """
      Nobody is asked. JSON: {"user","deleted":true}.

      Example: holdfast user delete reader
      """)

  @OptionGroup var options: StoreOptions
  @Argument(help: "The user's name.") var name: String

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    try await etcd.auth.deleteUser(name)
    try tell(tool, ["user": .string(name), "deleted": true], "user \(name) deleted")
    return .success
  }
}

struct UserPasswordCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "passwd", abstract: "Give a user another password.",
    usage: "holdfast user passwd [<options>] <name>",
    discussion: """
      The user's tokens end with it. JSON: {"user","passwordChanged":true}.

      Example: holdfast user passwd reader --new-password-stdin < password.txt
      """)

  @OptionGroup var options: StoreOptions
  @OptionGroup var secret: NewPasswordOptions
  @Argument(help: "The user's name.") var name: String

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    try await etcd.auth.changePassword(ofUser: name, to: try await secret.password(of: name, tool))
    try tell(tool, ["user": .string(name), "passwordChanged": true], "password of user \(name) changed")
    return .success
  }
}
