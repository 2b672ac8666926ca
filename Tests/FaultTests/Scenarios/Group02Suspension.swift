import TestSupport
import Testing

/// Group 2: a member stops where it is and goes on later (SIGSTOP, SIGCONT).
extension Faults {
  @Suite(.serialized) struct Group02 {
    /// The election timeout is one second, the watch's patience two.
    @Test(arguments: Matrix.kinds(turn: 1)) func shorterThanAnElection(kind: ServerKind) async throws {
      try await FaultRun(name: "2 member stopped for 0.3 s", kind: kind) { stage in
        for _ in 0..<4 {
          let member = try await stage.cluster.leader()
          try await member.suspend()
          try await stage.lasts(.milliseconds(300))
          try member.resume()
          try await stage.acknowledgements(20)
        }
      }
    }

    @Test(arguments: Matrix.kinds(ServerKind.singles, turn: 1))
    func theOnlyMemberForLong(kind: ServerKind) async throws {
      try await FaultRun(name: "2 only member stopped until noticed", kind: kind) { stage in
        try await stage.server.suspend()
        try await stage.firstCachesNotice()
        try await stage.attempts(4)
        try stage.server.resume()
        try await stage.acknowledgements(40)
      }
    }

    @Test(arguments: Matrix.kinds(ServerKind.clusters, turn: 0)) func theLeaderForLong(kind: ServerKind) async throws {
      try await FaultRun(name: "2 leader stopped for an election", kind: kind) { stage in
        let leader = try await stage.cluster.leader()
        try await leader.suspend()
        // Another one leads before this one goes on.
        try await stage.acknowledgements(40)
        _ = try await stage.cluster.leader()
        try leader.resume()
        try await stage.acknowledgements(40)
      }
    }

    /// Who asks the stopped one first must go elsewhere.
    @Test(arguments: Matrix.kinds(ServerKind.clusters, turn: 1))
    func eachMemberInTurn(kind: ServerKind) async throws {
      try await FaultRun(name: "2 each member stopped in turn", kind: kind) { stage in
        for member in stage.cluster.members {
          try await member.suspend()
          try await stage.acknowledgements(30)
          try member.resume()
          try await member.waitUntilHealthy()
        }
      }
    }
  }
}
