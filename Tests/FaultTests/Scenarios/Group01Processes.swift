import Holdfast
import HoldfastCore
import HoldfastEtcd
import TestSupport
import Testing

/// Group 1: a process ends at once, and comes back.
extension Faults {
  @Suite(.serialized) struct Group01 {
    @Test(arguments: Matrix.kinds(ServerKind.singles, turn: 0)) func theServerIsKilled(kind: ServerKind) async throws {
      try await FaultRun(
        name: "1 server killed, restarted", kind: kind, serverLosesWrites: kind.version.losesWritesWhenKilled
      ) { stage in
        for _ in 0..<2 {
          try await stage.server.kill()
          try await stage.attempts(10)
          try await stage.firstCachesNotice()
          try await stage.server.restart()
          try await stage.acknowledgements(40)
        }
      }
    }

    @Test(arguments: Matrix.kinds(ServerKind.clusters, turn: 0)) func theLeaderIsKilled(kind: ServerKind) async throws {
      try await FaultRun(name: "1 leader killed, restarted", kind: kind) { stage in
        for _ in 0..<2 {
          let leader = try await stage.cluster.leader()
          try await leader.kill()
          try await stage.acknowledgements(40)
          try await leader.restart()
          try await stage.acknowledgements(20)
        }
      }
    }

    @Test(arguments: Matrix.kinds(ServerKind.clusters, turn: 1)) func quorumIsLost(kind: ServerKind) async throws {
      try await FaultRun(name: "1 quorum lost, regained", kind: kind) { stage in
        let lost = try await stage.cluster.followers()
        for member in lost { try await member.kill() }
        try await stage.attempts(10)
        try await stage.firstCachesNotice()
        for member in lost { try await member.restart(untilHealthy: false) }
        for member in lost { try await member.waitUntilHealthy() }
        try await stage.acknowledgements(40)
      }
    }

    /// What a killed client leaves: connections that break in the midst of writes. Its writes are judged with all others.
    @Test(arguments: Matrix.kinds(turn: 2)) func aClientDies(kind: ServerKind) async throws {
      try await FaultRun(name: "1 client dies while it writes", kind: kind) { stage in
        for _ in 0..<5 {
          try await withTCPProxy(to: stage.server.clientPort) { proxy in
            try await withStore(.hasty([proxy.url]), logger: .quiet) { store in
              try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                  group.addTask {
                    while !Task.isCancelled {
                      let thing = Thing(id: "solo/1", token: stage.recorder.token())
                      _ = try? await store.execute(things.put(thing))
                    }
                  }
                }
                try await stage.acknowledgements(20)
                await proxy.cut()
                group.cancelAll()
              }
            }
          }
        }
      }
    }
  }
}
