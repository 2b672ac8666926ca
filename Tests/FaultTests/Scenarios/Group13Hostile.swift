import Holdfast
import HoldfastCore
import HoldfastEtcd
import TestSupport
import Testing

/// Group 13: a server that lies. Never a crash or a hang, never more memory than is bounded; what is wrong is told, and all is
/// well again when the server is honest.
extension Faults {
  @Suite(.serialized) struct Group13 {
    static let cases = Lie.allCases.enumerated().flatMap { index, lie in
      Matrix.kinds(ServerKind.singles, turn: index).map { (lie, $0) }
    }

    @Test(arguments: cases) func theServerLies(lie: Lie, kind: ServerKind) async throws {
      let start = ContinuousClock.now
      var report = CheckReport()
      let memory = residentMebibytes()
      try await withEtcd(kind.version, arguments: kind.arguments) { etcd in
        try await HostileEtcd.withServer(before: etcd.clientURL) { hostile, url in
          try await withStore(.hasty([url]), logger: .quiet) { store in
            try await store.withCache(of: things, configuration: .hasty) { cache in
              for number in 0..<20 { try await cache.put(Thing(id: "k\(number)", token: number)) }
              try await cache.waitUntilLive(timeout: .seconds(30))
              hostile.lies = lie
              try await suffer(lie, cache, etcd, hostile, &report)
              report.check(.failLoud, residentMebibytes() - memory < 300, "memory grew to \(residentMebibytes()) MiB")
              hostile.lies = nil
              try await recover(cache, etcd, &report)
            }
          }
        }
      }
      FaultTable.shared.add(
        .init(fault: "13 hostile: \(lie.rawValue)", server: "\(kind)", operations: 70, report: report),
        took: ContinuousClock.now - start)
      for violation in report.violations { Issue.record("\(lie) on \(kind): \(violation)") }
    }

    private func suffer(
      _ lie: Lie, _ cache: Cache<Thing>, _ etcd: EtcdServer, _ hostile: HostileEtcd, _ report: inout CheckReport
    ) async throws {
      let writing = try await write(cache, lie, &report)
      if lie.concernsWritesOnly {
        for _ in 0..<4 { _ = try await write(cache, lie, &report) }
      }
      try await eventually(within: .seconds(40), "the lie is told and noticed; \(cache.health)") {
        // There is always something to lie about.
        try await etcd.put(key: Witness.thingsPrefix + "by", value: Thing(id: "by", token: writing).json)
        if lie.isHarmless || lie.concernsWritesOnly { return hostile.count > 3 }
        return !cache.health.isLive && cache.health.cause != nil
      }
      let health = cache.health
      report.check(
        .failLoud, lie.isHarmless || lie.concernsWritesOnly ? true : health.isLive || health.cause != nil,
        "\(lie): \(health)")
      // Reads work and show nothing that nobody wrote.
      let held = try cache.list()
      for stored in held { report.check(.noThinAir, stored.value.token < 100, "\(stored)") }
    }

    /// A write through the liar ends, and what it says is true: it was applied.
    private func write(_ cache: Cache<Thing>, _ lie: Lie, _ report: inout CheckReport) async throws -> Int {
      do {
        _ = try await cache.store.commit(things.put(Thing(id: "written", token: 50)))
      } catch let error as HoldfastError {
        report.check(.truthfulOutcomes, error.outcome == .applied || error.outcome == .unknown, "\(lie): \(error)")
      }
      return 51
    }

    private func recover(_ cache: Cache<Thing>, _ etcd: EtcdServer, _ report: inout CheckReport) async throws {
      let last = try await etcd.put(key: Witness.thingsPrefix + "last", value: Thing(id: "last", token: 60).json)
      try await cache.wait(for: Revision(last), timeout: .seconds(60))
      try await cache.waitUntilLive(timeout: .seconds(60))
      let truth = try await etcd.list(prefix: Witness.thingsPrefix)
      let held = try cache.list()
      report.check(
        .convergence, held.map(\.modRevision.rawValue) == truth.map(\.modRevision),
        "\(held.map(\.description)) is not what the store holds")
    }
  }
}
