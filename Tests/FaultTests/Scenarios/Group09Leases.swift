import Holdfast
import HoldfastCore
import TestSupport
import Testing

/// Group 9: keys that live as long as a lease. A key goes by a DELETE of the store, never by the local clock.
extension Faults {
  @Suite(.serialized) struct Group09 {
    @Test(arguments: Matrix.kinds(turn: 2)) func expiry(kind: ServerKind) async throws {
      try await FaultRun(name: "9 leases: expiry, stopped member", kind: kind) { stage in
        try await grant(stage, 10)
        let member = try await stage.cluster.leader()
        // Longer than the leases: who judged by the clock would drop the keys now.
        try await member.suspend()
        try await stage.lasts(.seconds(4))
        if kind.members == 1 {
          for cache in stage.caches {
            let held = try cache.count(prefix: "lease/")
            #expect(held == 10, "leased keys vanished while the store stood still")
          }
        }
        try member.resume()
        try await gone(stage)
      }
    }

    @Test(arguments: Matrix.kinds(ServerKind.clusters, turn: 1)) func theLeaderMoves(kind: ServerKind) async throws {
      try await FaultRun(name: "9 leases: leader moves", kind: kind) { stage in
        try await grant(stage, 10)
        let next = try await stage.cluster.followers()[0].status().memberID
        try await stage.cluster.leader().etcdctl("move-leader", String(next, radix: 16))
        try await gone(stage)
      }
    }

    /// Revoked while something is written with it: the write says truly whether it happened.
    @Test(arguments: Matrix.kinds(turn: 4)) func revokeRace(kind: ServerKind) async throws {
      try await FaultRun(name: "9 leases: revoke race", kind: kind) { stage in
        let member = try await stage.witness.servingMember()
        for round in 0..<15 {
          let lease = try await member.grantLease(ttl: 60)
          try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<4 {
              group.addTask {
                let thing = Thing(id: "lease/r\(round)-\(number)", token: stage.recorder.token())
                await stage.recordPut(thing) { $0.lease(LeaseID(lease)) }
              }
            }
            group.addTask { try await member.revokeLease(lease) }
            try await group.waitForAll()
          }
        }
        try await gone(stage)
      }
    }

    @Test(arguments: Matrix.kinds(ServerKind.singles, turn: 0)) func shortTimesToLive(kind: ServerKind) async throws {
      try await FaultRun(name: "9 leases: TTL 0 and 1", kind: kind) { stage in
        let thing = Thing(id: "lease/none", token: stage.recorder.token())
        await #expect(throws: HoldfastError.self) { try await stage.stores[0].execute(things.put(thing).ttl(.zero)) }
        let stored = try await stage.stores[0].execute(
          things.put(Thing(id: "lease/one", token: stage.recorder.token())).ttl(.seconds(1)))
        // The store grants what it can keep, and says so.
        #expect(try #require(stored.leaseTTL) >= .seconds(1))
        try await gone(stage)
      }
    }

    private func grant(_ stage: Stage, _ count: Int) async throws {
      for number in 0..<count {
        let thing = Thing(id: "lease/\(number)", token: stage.recorder.token())
        await stage.recordPut(thing) { $0.ttl(.seconds(2)) }
      }
      let caches = stage.caches
      try await eventually("every cache holds the leased keys") {
        try caches.allSatisfy { try $0.count(prefix: "lease/") == count }
      }
    }

    private func gone(_ stage: Stage) async throws {
      let caches = stage.caches
      try await eventually(within: .seconds(60), "the leased keys are gone everywhere") {
        try caches.allSatisfy { try $0.count(prefix: "lease/") == 0 }
      }
    }
  }
}
