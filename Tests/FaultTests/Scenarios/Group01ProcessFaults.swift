import TestSupport
import Testing

/// Group 1: a process ends at once, and comes back.
extension Faults {
  @Suite(.serialized) struct Group01 {
    @Test(arguments: Matrix.kinds(ServerKind.singles, turn: 0)) func theServerIsKilled(kind: ServerKind) async throws {
      try await FaultRun(name: "1 server killed and restarted", kind: kind) { stage in
        for _ in 0..<2 {
          try await stage.server.kill()
          try await stage.attempts(10)
          try await stage.firstCachesNotice()
          try await stage.server.restart()
          try await stage.acknowledgements(40)
        }
      }
    }
  }
}
