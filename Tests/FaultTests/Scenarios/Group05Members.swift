import TestSupport
import Testing

/// Group 5: members that lag, or that are alone. Streams always require a leader.
extension Faults {
  @Suite(.serialized) struct Group05 {
    /// Each follower misses what the others agree on, and is then the one that serves.
    @Test(arguments: Matrix.kinds(ServerKind.clusters, turn: 0))
    func eachEndpointLags(kind: ServerKind) async throws {
      try await FaultRun(name: "5 each endpoint lags in turn", kind: kind) { stage in
        for (index, member) in stage.cluster.members.enumerated() {
          try await member.suspend()
          try await stage.acknowledgements(60)
          try member.resume()
          // The one that has to catch up is the only one that the first store reaches.
          for (other, proxy) in stage.proxiesOfFirst.enumerated() where other != index {
            try await proxy.refuse()
            await proxy.cut()
          }
          try await stage.attempts(30)
          for proxy in stage.proxiesOfFirst { try await proxy.accept() }
          try await member.waitUntilHealthy()
        }
      }
    }

    /// The first store reaches one member, which has lost the other two.
    @Test(arguments: Matrix.kinds(ServerKind.clusters, turn: 1))
    func aMemberWithoutALeader(kind: ServerKind) async throws {
      try await FaultRun(name: "5 a member without a leader", kind: kind) { stage in
        for proxy in stage.proxiesOfFirst.dropFirst() {
          try await proxy.refuse()
          await proxy.cut()
        }
        try await stage.acknowledgements(20)
        for member in stage.cluster.members.dropFirst() { try await member.suspend() }
        try await stage.firstCachesNotice()
        try await stage.attempts(4)
        for member in stage.cluster.members.dropFirst() { try member.resume() }
        for member in stage.cluster.members { try await member.waitUntilHealthy() }
        try await stage.acknowledgements(20)
      }
    }

    @Test(arguments: Matrix.kinds(ServerKind.clusters, turn: 0)) func leadershipMoves(kind: ServerKind) async throws {
      try await FaultRun(name: "5 leadership moves", kind: kind) { stage in
        for _ in 0..<4 {
          let leader = try await stage.cluster.leader()
          let next = try await stage.cluster.followers()[0].status().memberID
          try await leader.etcdctl("move-leader", String(next, radix: 16))
          try await stage.acknowledgements(25)
        }
      }
    }
  }
}
