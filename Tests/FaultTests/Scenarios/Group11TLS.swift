import Holdfast
import HoldfastCore
import HoldfastEtcd
import TestSupport
import Testing

/// Group 11, as far as a client without TLS goes: it meets a peer that speaks only TLS.
extension Faults {
  @Suite(.serialized) struct Group11 {
    @Test(arguments: Matrix.kinds(ServerKind.singles, turn: 2)) func aPeerThatSpeaksTLS(kind: ServerKind) async throws {
      let port = try await LoopbackPorts.free()
      let arguments = kind.arguments + ["--auto-tls", "--listen-metrics-urls", "https://127.0.0.1:\(port)"]
      try await withEtcd(kind.version, arguments: arguments) { _ in
        try await withStore(.hasty(["http://127.0.0.1:\(port)"]), logger: .quiet) { store in
          do {
            try await store.execute(things.put(Thing(id: "a", token: 1)))
            Issue.record("written to a peer that speaks TLS")
          } catch let error as HoldfastError {
            #expect(error.outcome == .refused, "nothing was sent: \(error)")
            #expect([.unavailable, .protocolViolation, .timeout].contains(error.code), "\(error)")
            #expect(error.message.contains("TLS"), "a clear error says that the peer speaks TLS: \(error)")
          }
          let cache = Cache(of: things, in: store, configuration: .hasty)
          try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await cache.run() }
            try await eventually("health says why") { cache.health.cause != nil }
            #expect(!cache.health.isLive)
            group.cancelAll()
          }
        }
      }
    }
  }
}
