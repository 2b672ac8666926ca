import ArgumentParser
import Holdfast
import HoldfastEtcd

struct RoleGrantPermissionCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "grant-permission", abstract: "Let a role read or write keys.",
    usage: "holdfast role grant-permission [<options>] <role> <access> <key> [<end>]",
    discussion: """
      JSON: {"role","access","key","rangeEnd","granted":true}. A lock or an election of a name needs readwrite on the name \
      with --prefix.

      Examples:
        holdfast role grant-permission readers read /acme/jobs --prefix
        holdfast role grant-permission writers readwrite /acme/config
      """)

  @OptionGroup var options: StoreOptions
  @Argument(help: "The role's name.") var role: String
  @Argument(help: "What it may do.") var access: PermissionAccess
  @OptionGroup var keys: PermissionRange

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    let range = try keys.range
    try await etcd.auth.grant(EtcdPermission(access.access, range), toRole: role)
    try tell(
      tool,
      range.members.adding(["role": .string(role), "access": .string(access.rawValue), "granted": true]),
      "role \(role) may \(access.rawValue) \(range)")
    return .success
  }
}

struct RoleRevokePermissionCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke-permission", abstract: "Take a permission from a role.",
    usage: "holdfast role revoke-permission [<options>] <role> <key> [<end>]",
    discussion: """
      The range must be exactly that which was granted, as get prints it. Watches that stand go on. JSON: {"role","key",\
      "rangeEnd","revoked":true}.

      Example: holdfast role revoke-permission readers /acme/jobs --prefix
      """)

  @OptionGroup var options: StoreOptions
  @Argument(help: "The role's name.") var role: String
  @OptionGroup var keys: PermissionRange

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    let range = try keys.range
    try await etcd.auth.revokePermission(on: range, fromRole: role)
    try tell(
      tool, range.members.adding(["role": .string(role), "revoked": true]),
      "permission on \(range) revoked from role \(role)")
    return .success
  }
}

/// The keys of a permission.
struct PermissionRange: ParsableArguments {
  @Flag(help: "Everything below the key; / is the folder of that name, '' everything.") var prefix = false
  @Flag(help: "Every key from this one on.") var fromKey = false
  @Argument(help: "The whole key, the prefix, or the first key of a range.") var key: String
  @Argument(help: ArgumentHelp("The first key after the range.", valueName: "end")) var rangeEnd: String?

  func validate() throws {
    if [prefix, fromKey, rangeEnd != nil].count(where: { $0 }) > 1 {
      throw ValidationError("--prefix, --from-key and a range's end contradict each other")
    }
  }

  var range: KeyRange {
    get throws {
      if prefix { return .prefix(Key(key).asFolder) }
      if fromKey { return .from(Key(key)) }
      if let rangeEnd {
        guard Key(key) < Key(rangeEnd) else {
          throw HoldfastError(.invalidArgument, "no key is between '\(key)' and '\(rangeEnd)'")
        }
        return KeyRange(start: Key(key), end: Key(rangeEnd))
      }
      guard !key.isEmpty else { throw HoldfastError(.invalidArgument, "the key is empty") }
      return .key(Key(key))
    }
  }
}

/// As etcd's tools write it.
enum PermissionAccess: String, CaseIterable, ExpressibleByArgument, Sendable {
  case read, write, readwrite

  init(_ access: EtcdPermission.Access) {
    self =
      switch access {
      case .read: .read
      case .write: .write
      case .readWrite: .readwrite
      }
  }

  var access: EtcdPermission.Access {
    switch self {
    case .read: .read
    case .write: .write
    case .readwrite: .readWrite
    }
  }
}

extension KeyRange {
  /// Whether the end is that of a prefix.
  var isPrefix: Bool { !isSingleKey && end == start.prefixEnd }

  /// `key`, and of a range `rangeEnd`: null where it has no end.
  var members: JSONValue {
    var members = start.members("key")
    if !isSingleKey {
      if let end { members.merge(end.members("rangeEnd")) { $1 } } else { members["rangeEnd"] = .null }
    }
    return .object(members)
  }
}
