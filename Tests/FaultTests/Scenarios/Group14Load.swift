import Holdfast
import HoldfastCore
import HoldfastEtcd
import TestSupport
import Testing

/// Group 14: much of everything. Slow subscribers of change streams come with these.
extension Faults {
  @Suite(.serialized) struct Group14 {
    @Test(arguments: Matrix.kinds(turn: 2)) func catchUp(kind: ServerKind) async throws {
      try await FaultRun(name: "14 catch-up with 2,500 revisions", kind: kind) { stage in
        try await stage.whileFirstIsCutOff {
          for number in 0..<2_500 {
            _ = try await stage.stores[1].execute(
              things.put(Thing(id: "many/\(number % 30)", token: stage.recorder.token())))
          }
        }
        try await stage.acknowledgements(20)
      }
    }

    /// 100,000 keys are loaded, and then followed through an outage with a compaction.
    @Test(arguments: Matrix.kinds(ServerKind.singles, turn: 1)) func aLargePrefix(kind: ServerKind) async throws {
      let count = Matrix.isWhole ? 100_000 : 20_000
      try await alone("14 prefix of \(count) keys", kind, operations: count) { proxy, etcd, report in
        try await withStore(.hasty([etcd.clientURL]), logger: .quiet) { direct in
          try await fill(direct, count)
          try await withStore(.hasty([proxy.url]), logger: .quiet) { store in
            try await store.withCache(of: things, configuration: .hasty) { cache in
              report.check(.convergence, try cache.count() == count, "\(try cache.count()) keys were loaded")
              try await proxy.refuse()
              await proxy.cut()
              let deleted = try await direct.execute(things.delete(prefix: "many/1"))
              let last = try await etcd.put(key: Witness.thingsPrefix + "last", value: Thing(id: "last", token: 1).json)
              try await etcd.compact(revision: last)
              try await proxy.accept()
              try await cache.wait(for: Revision(last), timeout: .seconds(60))
              let left = count - deleted + 1
              report.check(.convergence, try cache.count() == left, "\(try cache.count()) keys, not \(left)")
            }
          }
        }
      }
    }

    /// What one transaction may hold, and one operation more.
    @Test(arguments: Matrix.kinds(ServerKind.singles, turn: 2)) func largeTransactions(kind: ServerKind) async throws {
      try await alone("14 transactions of 128 and 129", kind, operations: 257) { proxy, etcd, report in
        try await withStore(.hasty([proxy.url]), logger: .quiet) { store in
          try await store.withCache(of: things, configuration: .hasty) { cache in
            for size in [128, 129] {
              var transaction = Transaction()
              for number in 0..<size { transaction.add(things.put(Thing(id: "\(size)/\(number)", token: number))) }
              do {
                _ = try await store.execute(transaction)
                report.check(.readYourWrites, try cache.count(prefix: "128") == 128, "not all 128 are shown")
              } catch let error as HoldfastError {
                report.check(
                  .truthfulOutcomes, size == 129 && error.code == .tooManyOperations && error.outcome == .refused,
                  "\(size) operations: \(error)")
              }
            }
            report.check(.convergence, try await etcd.list(prefix: "/f/things/129").isEmpty, "129 left something")
          }
        }
      }
    }

    /// Fifty caches lose their watches at once, with their history compacted.
    @Test(arguments: Matrix.kinds(ServerKind.singles, turn: 3)) func fiftyCaches(kind: ServerKind) async throws {
      try await alone("14 fifty caches list again", kind, operations: 50) { proxy, etcd, report in
        try await withStore(.hasty([etcd.clientURL]), logger: .quiet) { direct in
          try await fill(direct, 1_000)
          let lists = ListCounter()
          try await withStore(.hasty([proxy.url]).wrapped(lists.counting), logger: .quiet) { store in
            let caches = (0..<50).map { _ in Cache(of: things, in: store, configuration: .hasty) }
            try await withThrowingTaskGroup(of: Void.self) { group in
              for cache in caches { group.addTask { try await cache.run() } }
              for cache in caches { try await cache.waitUntilLive(timeout: .seconds(60)) }
              try await proxy.refuse()
              await proxy.cut()
              _ = try await direct.execute(things.delete(prefix: "many/1"))
              let last = try await etcd.put(key: Witness.thingsPrefix + "last", value: Thing(id: "last", token: 1).json)
              try await etcd.compact(revision: last)
              try await proxy.accept()
              for cache in caches { try await cache.wait(for: Revision(last), timeout: .seconds(60)) }
              let truth = try await etcd.list(prefix: Witness.thingsPrefix).map(\.modRevision)
              for cache in caches {
                let held = try cache.list().map(\.modRevision.rawValue)
                report.check(.convergence, held == truth, "\(held.count) keys, not \(truth.count)")
              }
              // How many there are depends on how far apart the caches notice; few, and one after the other.
              #expect(lists.most == 1)
              group.cancelAll()
            }
          }
        }
      }
    }

    private func fill(_ store: Store, _ count: Int) async throws {
      for start in stride(from: 0, to: count, by: 100) {
        var transaction = Transaction()
        for number in start..<min(start + 100, count) {
          transaction.add(things.put(Thing(id: "many/\(number % 10)/\(number)", token: number)))
        }
        _ = try await store.execute(transaction)
      }
    }

    private func alone(
      _ name: String, _ kind: ServerKind, operations: Int,
      _ body: (TCPProxy, EtcdServer, inout CheckReport) async throws -> Void
    ) async throws {
      let start = ContinuousClock.now
      var report = CheckReport()
      try await withEtcd(kind.version, arguments: kind.arguments) { etcd in
        try await withTCPProxy(to: etcd.clientPort) { proxy in try await body(proxy, etcd, &report) }
      }
      FaultTable.shared.add(
        .init(fault: name, server: "\(kind)", operations: operations, report: report), took: ContinuousClock.now - start
      )
      for violation in report.violations { Issue.record("\(name) on \(kind): \(violation)") }
      #expect(report.checks > 0)
    }
  }
}
