import ArgumentParser
import Holdfast

struct LeaseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lease", abstract: "Grant, renew, look at and revoke leases.",
    discussion: """
      A key that is attached to a lease (put --lease ID) is deleted when the lease expires or is revoked. Ids are \
      hexadecimal.

      Examples:
        holdfast lease grant 60
        holdfast put /sessions/7 here --lease 32695410dcc0ca06
        holdfast lease keep-alive 32695410dcc0ca06
        holdfast lease timetolive 32695410dcc0ca06 --keys
      """,
    subcommands: [
      LeaseGrantCommand.self, LeaseRevokeCommand.self, LeaseKeepAliveCommand.self, LeaseListCommand.self,
      LeaseTimeToLiveCommand.self,
    ])
}

struct LeaseGrantCommand: StoreCommand {
  static let configuration = CommandConfiguration(
    commandName: "grant", abstract: "Grant a lease.",
    usage: "holdfast lease grant [<options>] <ttl>",
    discussion: """
      JSON: {"lease","ttl","revision"}. The server may grant more time than was asked for.

      Example: holdfast lease grant 60
      """)

  @OptionGroup var options: StoreOptions
  @Option(help: "The lease's id, in hexadecimal. (default: one at random)") var id: String?
  @Argument(help: "The time to live in seconds, rounded up to whole ones.") var ttl: Double

  func run(on store: Store, _ tool: Tool) async throws -> ExitStatus {
    let id = try id.map { try LeaseID(hexadecimal: $0, "--id") }
    let lease = try await store.backend.grantLease(id: id, ttl: try Duration(positiveSeconds: ttl, option: "the TTL"))
    let seconds = lease.ttl.components.seconds
    try tell(
      tool,
      [
        "lease": .string("\(lease.id)"), "ttl": .integer(seconds), "revision": .integer(lease.header.revision.rawValue),
      ], "lease \(lease.id) granted for \(seconds) s")
    return .success
  }
}

struct LeaseRevokeCommand: StoreCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Revoke a lease, which deletes its keys.",
    usage: "holdfast lease revoke [<options>] <lease>",
    discussion: """
      JSON: {"lease","revoked":true,"revision"}.

      Example: holdfast lease revoke 32695410dcc0ca06
      """)

  @OptionGroup var options: StoreOptions
  @Argument(help: "The lease's id.") var lease: String

  func run(on store: Store, _ tool: Tool) async throws -> ExitStatus {
    let id = try LeaseID(hexadecimal: lease, "the lease")
    let header = try await store.backend.revokeLease(id)
    try tell(
      tool, ["lease": .string("\(id)"), "revoked": true, "revision": .integer(header.revision.rawValue)],
      "lease \(id) revoked")
    return .success
  }
}

struct LeaseListCommand: StoreCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Print the ids of all leases.",
    usage: "holdfast lease list [<options>]",
    discussion: """
      JSON: {"leases":[…]}.

      Example: holdfast lease list
      """)

  @OptionGroup var options: StoreOptions

  func run(on store: Store, _ tool: Tool) async throws -> ExitStatus {
    try tell(tool, "leases", names: try await store.backend.leases().map { "\($0)" })
    return .success
  }
}

struct LeaseTimeToLiveCommand: StoreCommand {
  static let configuration = CommandConfiguration(
    commandName: "timetolive", abstract: "Print how long a lease still has, and which keys.",
    usage: "holdfast lease timetolive [<options>] <lease>",
    discussion: """
      JSON: {"lease","granted","ttl","revision"}, with --keys also "keys":[{"key"},…]. A lease that does not exist (any \
      more) is an error: leaseNotFound, exit code \(ExitStatus.notFound.code).

      Example: holdfast lease timetolive 32695410dcc0ca06 --keys
      """)

  @OptionGroup var options: StoreOptions
  @Flag(help: "Print the keys that are attached to it.") var keys = false
  @Argument(help: "The lease's id.") var lease: String

  func run(on store: Store, _ tool: Tool) async throws -> ExitStatus {
    let id = try LeaseID(hexadecimal: lease, "the lease")
    let answer = try await store.backend.timeToLive(of: id, keys: keys)
    guard let remaining = answer.remaining?.components.seconds else {
      throw HoldfastError(.leaseNotFound, "the lease \(id) does not exist (any more)", revision: answer.header.revision)
    }
    let granted = answer.granted.components.seconds
    var members: [String: JSONValue] = [
      "lease": .string("\(id)"), "granted": .integer(granted), "ttl": .integer(remaining),
      "revision": .integer(answer.header.revision.rawValue),
    ]
    if keys { members["keys"] = .array(answer.keys.map { .object($0.members("key")) }) }
    let lines = ["lease \(id): \(remaining) s left of \(granted) s"] + answer.keys.map { "\($0)" }
    try tell(tool, .object(members), lines.joined(separator: "\n"))
    return .success
  }
}
