import Holdfast
import HoldfastCore
import TestSupport
import Testing

/// Group 10, as far as a client without credentials goes: authentication is switched on while it works, and off again. Tokens
/// that expire or vanish, changed passwords and revoked roles need a client that authenticates.
extension Faults {
  @Suite(.serialized) struct Group10 {
    @Test(arguments: Matrix.kinds(ServerKind.singles, turn: 3)) func switchedOn(kind: ServerKind) async throws {
      try await FaultRun(name: "10 authentication on, off", kind: kind) { stage in
        try await stage.server.etcdctl("user", "add", "root:secret")
        try await stage.server.etcdctl("user", "grant-role", "root", "root")
        try await stage.server.etcdctl("auth", "enable")
        let codes: [HoldfastError.Code] = [.unauthenticated, .permissionDenied, .invalidArgument]
        try await eventually(within: .seconds(20), "writes are refused: \(stage.recorder.failures)") {
          codes.contains { stage.recorder.failures[$0.name, default: 0] > 5 }
        }
        // An open watch is not checked again; a new one is.
        for proxy in stage.proxies.joined() { await proxy.cut() }
        try await eventually(within: .seconds(20), "health says why: \(stage.caches.map(\.health))") {
          stage.caches.allSatisfy { cache in
            let health = cache.health
            return !health.isLive && [.unauthenticated, .permissionDenied].contains(health.cause?.code)
          }
        }
        for cache in stage.caches {
          await #expect(throws: HoldfastError.self) { try await cache.waitUntilLive(timeout: .seconds(1)) }
        }
        try await stage.server.etcdctl("--user", "root:secret", "auth", "disable")
        try await stage.allCachesAreLive()
      }
    }
  }
}
