import HoldfastCore
import HoldfastEmbedded
import Testing

@testable import Holdfast

/// Elections on the engine.
@Suite struct ElectionTests {
  private static func untilCancelled() async throws { try await Task.sleep(for: .seconds(3_600)) }

  @Test func candidatesLeadInTurnAndObserversSeeAllOfIt() async throws {
    try await withEmbedded { engine in
      let store = Store(backend: engine, logger: .quiet)
      let election = store.election("/elections/a")
      let seen = Shared<[String?]>([])
      let before = try await election.leader()
      #expect(before == nil)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          for try await leader in election.observe() {
            seen.withLock { $0.append(leader?.text) }
          }
        }
        try await eventually { seen.withLock { $0.count } == 1 }
        for index in 0..<5 {
          let token = try await election.campaign("n\(index)", ttl: .seconds(60)) { leadership in
            let leader = try await election.leader()
            #expect(leader?.text == "n\(index)")
            #expect(leader?.token == leadership.token)
            try await leadership.proclaim("m\(index)")
            let again = try await election.leader()
            #expect(again?.text == "m\(index)" && again?.token == leadership.token)
            return leadership.token
          }
          #expect(token > .zero)
        }
        let expected: [String?] = [nil] + (0..<5).flatMap { ["n\($0)", "m\($0)", nil] as [String?] }
        try await eventually { seen.withLock { $0.count } >= expected.count }
        #expect(seen.withLock { $0 } == expected)
        group.cancelAll()
        try await group.waitForAll()
      }
    }
  }

  @Test func theNextInLineFollowsWithAHigherToken() async throws {
    try await withEmbedded { engine in
      let store = Store(backend: engine, logger: .quiet)
      let election = store.election("/elections/a")
      let leaders = Shared<[Revision]>([])
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<8 {
          group.addTask {
            try await election.campaign("n\(index)", ttl: .seconds(60)) { leadership in
              leaders.withLock { $0.append(leadership.token) }
            }
          }
        }
        try await group.waitForAll()
      }
      let all = leaders.withLock { $0 }
      #expect(all.count == 8 && Set(all).count == 8 && all == all.sorted())
      let after = try await election.leader()
      #expect(after == nil)
    }
  }

  @Test func aLostLeadershipIsTold() async throws {
    await withEmbedded { engine in
      let store = Store(backend: engine, logger: .quiet)
      let election = store.election("/elections/a")
      let error = await failure {
        try await election.campaign("me", ttl: .seconds(60)) { leadership in
          _ = try await engine.deleteRange(DeleteRangeRequest(.key(leadership.key)))
          let refused = await failure { try await leadership.proclaim("still me") }
          #expect(refused?.code == .lockLost && refused?.outcome == .refused)
          let stale = await failure {
            try await store.execute(items.put(Item(id: "a", n: 1)).if(leadership.condition))
          }
          #expect(stale?.code == .constraintViolated)
          try await Self.untilCancelled()
        }
      }
      #expect(error?.code == .lockLost)
    }
  }

  /// The machine, on updates that hold several revisions.
  @Test func everyRevisionIsAStep() throws {
    var machine = LeaderMachine()
    func put(_ key: Key, _ value: String, created: Revision, at revision: Revision) -> KeyspaceChange<[UInt8]> {
      let stored = Stored<[UInt8]>(
        value: Array(value.utf8),
        meta: .init(storeKey: key, version: 1, createRevision: created, modRevision: revision))
      return KeyspaceChange(
        kind: .created, key: key, revision: revision, stored: stored, error: nil, previous: nil)
    }
    func delete(_ key: Key, at revision: Revision) -> KeyspaceChange<[UInt8]> {
      KeyspaceChange(kind: .deleted, key: key, revision: revision, stored: nil, error: nil, previous: nil)
    }
    let nobody = machine.handle(KeyspaceUpdate(kind: .initial, revision: 1, changes: []))
    #expect(nobody == [nil])
    let update = KeyspaceUpdate<[UInt8]>(
      kind: .changes, revision: 9,
      changes: [
        put("a", "a", created: 2, at: 2), put("b", "b", created: 3, at: 3), delete("a", at: 4),
        put("c", "c", created: 4, at: 4), put("b", "b2", created: 3, at: 5), delete("b", at: 6), delete("c", at: 6),
      ])
    #expect(machine.handle(update).map { $0?.text } == ["a", "b", "b2", nil])
    let resync = KeyspaceUpdate<[UInt8]>(
      kind: .resync, revision: 20, changes: [put("d", "d", created: 12, at: 12), put("e", "e", created: 11, at: 11)])
    #expect(machine.handle(resync).map { $0?.text } == ["e"], "a difference is one step")
  }
}
