import ArgumentParser
import Holdfast

struct LeaseKeepAliveCommand: StoreCommand {
  static let configuration = CommandConfiguration(
    commandName: "keep-alive", abstract: "Renew a lease until Ctrl-C.",
    usage: "holdfast lease keep-alive [<options>] <lease>",
    discussion: """
      Every third of its time to live; a server that does not answer is asked again until the lease may have expired. JSON: \
      a line {"lease","ttl","revision"} for each renewal. When the lease is gone: leaseNotFound, exit code \
      \(ExitStatus.notFound.code).

      Examples:
        holdfast lease keep-alive 32695410dcc0ca06
        holdfast lease keep-alive --once 32695410dcc0ca06
      """)

  @OptionGroup var options: StoreOptions
  @Flag(help: "Renew it once.") var once = false
  @Argument(help: "The lease's id.") var lease: String

  func run(on store: Store, _ tool: Tool) async throws -> ExitStatus {
    let id = try LeaseID(hexadecimal: lease, "the lease")
    let clock = ContinuousClock()
    /// Until when it lives, as far as is known: nothing is before the first answer.
    var end = clock.now
    while true {
      let asked = clock.now
      do {
        let lease = try await store.backend.keepLeaseAlive(id)
        let seconds = lease.ttl.components.seconds
        end = asked.advanced(by: lease.ttl)
        try tell(
          tool,
          ["lease": .string("\(id)"), "ttl": .integer(seconds), "revision": .integer(lease.header.revision.rawValue)],
          "lease \(id) renewed for \(seconds) s")
        if once { return .success }
        try await clock.sleep(until: asked.advanced(by: lease.ttl / 3))
      } catch let error as HoldfastError where Self.mayPass(error) && clock.now < end {
        try await clock.sleep(for: .milliseconds(200))
      }
    }
  }

  private static func mayPass(_ error: HoldfastError) -> Bool {
    [.unavailable, .timeout, .resourceExhausted].contains(error.code)
  }
}
