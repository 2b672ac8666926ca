import ArgumentParser
import Holdfast

struct LockCommand: StoreCommand {
  static let configuration = CommandConfiguration(
    commandName: "lock", abstract: "Hold a lock until Ctrl-C, or while a command runs.",
    usage: "holdfast lock [<options>] <name> [-- <command> ...]",
    discussion: """
      Waits for its turn, in the order of arrival. etcdctl lock, and Go's concurrency package, take part with the same \
      name. Prints the key that stands for the holder and the fencing token, a number that grows from holder to holder; \
      hand it to what the lock protects, so that a holder that was replaced can be refused.

      With a command after -- nothing is printed. It finds HOLDFAST_LOCK_KEY, HOLDFAST_LOCK_REVISION (the fencing token) \
      and HOLDFAST_LOCK_LEASE in its environment, beside everything that holdfast finds there (HOLDFAST_PASSWORD too), and \
      gets the signals that holdfast is sent: Ctrl-C once, from the terminal; what is ignored, as under nohup, stays so. \
      Its exit code is that of holdfast. When the lock is lost the command is ended, by SIGTERM and after --grace by SIGKILL: exit code \
      \(ExitStatus.lost.code). Only the command itself is ended: one that starts others (sh -c 'dump | upload') has to \
      end them. Where somebody else holds the lock, --try and --wait end with lockHeld, exit code \
      \(ExitStatus.refused.code).

      JSON: a line {"event":"locked","key","token","lease"}, also before a command runs.

      Examples:
        holdfast lock /locks/nightly
        holdfast lock /locks/nightly --try -- ./backup --full
        holdfast lock /locks/nightly --wait 60 --ttl 30 -- ./backup
      """)

  @OptionGroup var options: StoreOptions
  @Flag(name: .customLong("try"), help: "Do not wait where somebody else holds it.") var isTry = false
  @Argument(help: "The lock's name; its keys are below it.") var name: String
  @OptionGroup var hold: HoldOptions

  var runsCommand: Bool { !hold.command.isEmpty }

  func validate() throws {
    if isTry, hold.wait != nil { throw ValidationError("--try does not wait; it cannot go with --wait") }
  }

  func run(on store: Store, _ tool: Tool) async throws -> ExitStatus {
    try await hold.withTurn(at: name, in: store) { turn in
      let held: @Sendable (HeldLock) async throws -> ExitStatus = { lock in
        try turn.get()
        let (token, lease) = (lock.token, lock.lease.id)
        if !runsCommand || format == .json {
          try tell(
            tool,
            JSONValue.object(lock.key.members("key")).adding([
              "event": "locked", "token": .integer(token.rawValue), "lease": .string("\(lease)"),
            ]), "\(lock.key)\ttoken \(token)")
        }
        return try await hold.whileHeld(
          [
            "HOLDFAST_LOCK_KEY": "\(lock.key)", "HOLDFAST_LOCK_REVISION": "\(token)", "HOLDFAST_LOCK_LEASE": "\(lease)",
          ], tool)
      }
      return isTry
        ? try await store.tryLock(name, ttl: .seconds(hold.ttl), held)
        : try await store.withLock(name, ttl: .seconds(hold.ttl), held)
    }
  }
}
