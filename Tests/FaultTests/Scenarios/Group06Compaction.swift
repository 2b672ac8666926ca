import Holdfast
import HoldfastCore
import HoldfastEtcd
import TestSupport
import Testing

/// Group 6: history is thrown away while somebody needs it.
extension Faults {
  @Suite(.serialized) struct Group06 {
    @Test(arguments: Matrix.kinds(turn: 0)) func underLoad(kind: ServerKind) async throws {
      try await FaultRun(name: "6 compaction, defragmentation under load", kind: kind) { stage in
        for _ in 0..<6 {
          try await stage.compact()
          try await stage.acknowledgements(15)
        }
        for member in stage.cluster.members { try await member.defragment() }
        try await stage.acknowledgements(20)
      }
    }

    /// What a cache missed is gone when it comes back.
    @Test(arguments: Matrix.kinds(turn: 1)) func whileCutOff(kind: ServerKind) async throws {
      try await FaultRun(name: "6 compaction while cut off", kind: kind) { stage in
        for _ in 0..<4 {
          try await stage.whileFirstIsCutOff {
            try await stage.attempts(30)
            try await stage.compact()
          }
          try await stage.attempts(5)
          try await stage.acknowledgements(15)
        }
      }
    }

    /// Compacting again and again while thousands of revisions are being caught up with.
    @Test(arguments: Matrix.kinds(turn: 2)) func duringCatchUp(kind: ServerKind) async throws {
      try await FaultRun(name: "6 compaction during catch-up", kind: kind) { stage in
        try await stage.whileFirstIsCutOff {
          let member = try await stage.witness.servingMember()
          for number in 0..<1_500 {
            let thing = Thing(id: "many/\(number % 40)", token: stage.recorder.token())
            try await member.put(key: Witness.thingsPrefix + thing.id, value: thing.json)
          }
        }
        for _ in 0..<6 { try await stage.compact() }
        try await stage.acknowledgements(15)
      }
    }

    /// The first revision that a cache has missed is a delete, and exactly there history is cut off: several servers drop
    /// the delete then (etcd-io/etcd#18089).
    @Test(arguments: Matrix.kinds(turn: 3)) func atADelete(kind: ServerKind) async throws {
      try await FaultRun(name: "6 compaction at a delete's revision", kind: kind) { stage in
        for round in 0..<3 {
          _ = try await stage.witness.put(Thing(id: "gone/\(round)", token: stage.recorder.token()))
          let kept = try await stage.witness.put(Thing(id: "kept", token: stage.recorder.token()))
          try await stage.pauseWriters()
          for cache in stage.caches { try await cache.wait(for: Revision(kept), timeout: .seconds(30)) }
          try await stage.whileFirstIsCutOff {
            let member = try await stage.witness.servingMember()
            let hit = try await member.deletePrefix(Witness.thingsPrefix + "gone/\(round)")
            #expect(hit == 1)
            // The witness makes a revision of its own to look up to; what it has seen ends with the delete.
            let deleted = try await member.revision
            try await stage.witness.catchUp()
            try await member.compact(revision: deleted)
          }
          stage.resumeWriters()
          try await stage.acknowledgements(15)
        }
      }
    }

    /// Caches that load thousands of keys in pages, while the pages' revision is compacted.
    @Test(arguments: Matrix.kinds(turn: 4)) func duringListPages(kind: ServerKind) async throws {
      try await FaultRun(name: "6 compaction during list pages", kind: kind) { stage in
        let member = try await stage.witness.servingMember()
        try await fill(member, 4_000)
        for _ in 0..<4 {
          try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
              for _ in 0..<4 { try await stage.compact() }
            }
            try await load(stage.cluster.endpoints, expecting: 4_000)
            try await group.waitForAll()
          }
        }
      }
    }

    private func load(_ endpoints: [String], expecting count: Int) async throws {
      try await withStore(.hasty(endpoints), logger: .quiet) { store in
        try await store.withCache(of: pages, configuration: .hasty) { cache in
          let held = try cache.count()
          #expect(held == count)
          let stored = try await store.execute(pages.list())
          let list = try cache.list()
          #expect(Array(list) == Array(stored))
        }
      }
    }

    private var pages: Keyspace<Thing> { Keyspace<Thing>(prefix: "/f/pages/") { $0.id } }

    /// A keyspace in which nothing happens, while the rest of the store goes on and is compacted.
    @Test(arguments: Matrix.kinds(ServerKind.singles.filter { !$0.reportsProgress }, turn: 0))
    func verifyOfAnIdleKeyspace(kind: ServerKind) async throws {
      try await withEtcd(kind.version, arguments: kind.arguments) { etcd in
        try await withStore(.hasty([etcd.clientURL]), logger: .quiet) { store in
          try await store.withCache(of: pages, configuration: .hasty) { cache in
            try await cache.put(Thing(id: "a", token: 1))
            try await cache.waitUntilLive(timeout: .seconds(20))
            try await etcd.put(key: "/elsewhere", value: "1")
            try await etcd.compact(revision: try await etcd.put(key: "/elsewhere", value: "2"))
            let verification = try await cache.verify()
            #expect(verification.isCorrect)
          }
        }
      }
    }

    private func fill(_ member: EtcdServer, _ count: Int) async throws {
      try await withStore(.hasty([member.clientURL]), logger: .quiet) { store in
        for start in stride(from: 0, to: count, by: 100) {
          var transaction = Transaction()
          for number in start..<min(start + 100, count) {
            transaction.add(pages.put(Thing(id: "\(number)", token: 0)))
          }
          _ = try await store.execute(transaction)
        }
      }
    }
  }
}
