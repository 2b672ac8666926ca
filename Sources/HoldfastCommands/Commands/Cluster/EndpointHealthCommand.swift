import ArgumentParser
import Holdfast
import HoldfastEtcd

struct EndpointHealthCommand: EtcdCommand {
  static let configuration = CommandConfiguration(
    commandName: "health", abstract: "Ask every endpoint for a read that a quorum confirms.",
    usage: "holdfast endpoint health [<options>]",
    discussion: """
      An endpoint is healthy when it answers one and has no alarm. JSON: a line for each: {"endpoint","healthy",\
      "milliseconds","errors"}, or {"endpoint","error","message"}. The exit code is that of the first endpoint that does \
      not answer, or \(ExitStatus.failure.code) where one is not healthy.

      Example: holdfast endpoint health --cluster
      """)

  @OptionGroup var options: StoreOptions
  @OptionGroup var which: ClusterOptions

  private struct Health: Sendable {
    var milliseconds: Double
    var errors: [String]
  }

  func run(on etcd: EtcdBackend, _ tool: Tool) async throws -> ExitStatus {
    let configuration = etcd.configuration
    let answers = try await which.ask(etcd) { endpoint in
      // This endpoint alone: otherwise another one would answer in its stead.
      var alone = configuration
      alone.endpoints = [endpoint]
      let only = alone
      return try await withStore(.making { try EtcdBackend(only) }) { store in
        try await Self.health(of: try store.backend.etcd, at: endpoint)
      }
    }
    let status = try tell(tool, answers, ["ENDPOINT", "HEALTH", "TOOK", "PROBLEMS"]) { health in
      [
        health.errors.isEmpty ? "healthy" : "unhealthy", "\(rounded(health.milliseconds, 1)) ms",
        health.errors.joined(separator: "; "),
      ]
    } _: { health in
      [
        "healthy": .bool(health.errors.isEmpty), "milliseconds": .number(health.milliseconds),
        "errors": .array(health.errors.map(JSONValue.string)),
      ]
    }
    let isHealthy = answers.allSatisfy { (try? $0.result.get().errors.isEmpty) ?? false }
    return status == .success && !isHealthy ? .failure : status
  }

  private static func health(of backend: EtcdBackend, at endpoint: String) async throws -> Health {
    let clock = ContinuousClock()
    let start = clock.now
    do {
      var read = RangeRequest(.key("health"))
      read.keysOnly = true
      _ = try await backend.range(read)
    } catch {
      // A quorum has agreed on a refusal, too.
      guard error.code == .permissionDenied else { throw error }
    }
    let milliseconds = (clock.now - start) / .milliseconds(1)
    return Health(milliseconds: milliseconds, errors: try await backend.maintenance.status(of: endpoint).errors)
  }
}
