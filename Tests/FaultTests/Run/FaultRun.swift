import Holdfast
import HoldfastCore
import HoldfastEtcd
import TestSupport
import Testing

/// One run: real servers, two stores with three caches between them, each store behind proxies of its own, a load of writes
/// and reads, a fault while that goes on, and in the end the judgement of all that was seen.
struct FaultRun {
  var name: String
  var kind: ServerKind
  var arguments: [String] = []
  /// Invariants that this run must have checked at least once, beside those that every run must.
  var mustCheck: Set<Invariant> = []
  /// Nil where revisions of several epochs would have to be compared.
  var noticesWithin: Duration? = .seconds(5)
  /// Whether the load writes; some faults bring their own.
  var writers = 2
  /// Whether these servers may lose what they acknowledged when this is done to them, which is found out (``ServerLoss``).
  var serverLosesWrites = false
  /// With it, the clients speak TLS.
  var security: EtcdSecurity?
  var clients = ClientSettings()

  /// What the clients of a run have that others have not.
  struct ClientSettings: Sendable {
    var apply: @Sendable (inout EtcdConfiguration) -> Void = { _ in }
  }

  /// A run in which the server lost a write says nothing of us from there on, but that the caches came to show what it has then: it
  /// is in the table by itself, and run again.
  func callAsFunction(_ fault: (Stage) async throws -> Void) async throws {
    for _ in 0..<3 {
      guard let loss = try await run(fault) else { return }
      print("\(name) on \(kind): \(loss) (etcd issue 13766); once more")
    }
    Issue.record("\(name) on \(kind): the server lost writes in every run")
  }

  private func run(_ fault: (Stage) async throws -> Void) async throws -> ServerLoss? {
    let start = ContinuousClock.now
    let report = try await withEtcdCluster(
      kind.version, members: kind.members, arguments: kind.arguments + arguments, security: security
    ) { cluster in
      try await withProxies(cluster) { proxies in
        try await withStage(cluster, proxies) { stage in
          try await withConsumers(stage) {
            try await underLoad(stage, fault)
            return try await judge(stage)
          }
        }
      }
    }
    let checks = report.loss.map(report.checks.without) ?? report.checks
    FaultTable.shared.add(
      .init(fault: name, server: "\(kind)", loss: report.loss, operations: report.operations, report: checks),
      took: ContinuousClock.now - start)
    let remark = report.loss.map { ", where \($0)" } ?? ""
    for violation in checks.violations.prefix(20) { Issue.record("\(name) on \(kind)\(remark): \(violation)") }
    if let loss = report.loss { return loss }
    let ofOneEpoch: Set<Invariant> = noticesWithin == nil ? [] : [.boundedStaleness, .linearizable]
    for invariant in Self.everyRun.union(ofOneEpoch).union(mustCheck).sorted() {
      #expect(checks.counts[invariant, default: 0] > 0, "\(name) on \(kind) never checked \(invariant)")
    }
    return nil
  }

  private static let everyRun: Set<Invariant> = [
    .monotonicKeys, .monotonicSnapshots, .readYourWrites, .noLostUpdate, .noThinAir, .snapshotConsistency,
    .atomicTransactions, .convergence, .changeStreams, .truthfulOutcomes,
  ]

  /// Runs the body while somebody follows the changes of each cache, to the end.
  private func withConsumers<R: Sendable>(_ stage: Stage, _ body: () async throws -> R) async throws -> R {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for cache in stage.caches.indices {
        group.addTask {
          do {
            try await Consumer(stage: stage, cache: cache).run()
          } catch {
            Issue.record("the changes of cache \(cache) ended: \(error)")
          }
        }
      }
      defer { group.cancelAll() }
      return try await body()
    }
  }

  private func underLoad(_ stage: Stage, _ fault: (Stage) async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (cache, store) in stage.recorder.storeOfCache.enumerated() {
        let reader = Reader(stage: stage, cache: cache)
        group.addTask { await reader.local() }
        group.addTask { await reader.snapshots() }
        group.addTask { await reader.health() }
        // The first store's second cache has only readers.
        guard cache != 1 else { continue }
        for _ in 0..<writers {
          group.addTask {
            var writer = Writer(stage: stage, store: store, cache: cache)
            await writer.run()
          }
        }
      }
      defer { stage.stop() }
      try await stage.acknowledgements(40)
      try await fault(stage)
      try await stage.heal()
      for member in cluster(stage) where member.pid == nil { try await member.restart() }
      try await stage.acknowledgements(60)
      stage.stop()
      try await group.waitForAll()
    }
  }

  private func cluster(_ stage: Stage) -> [EtcdServer] { stage.cluster.members }

  private func judge(_ stage: Stage) async throws -> (operations: Int, checks: CheckReport, loss: ServerLoss?) {
    // The caches' own sign that everything before has arrived.
    var last: Int64 = 0
    try await eventually(within: .seconds(60), "somebody else writes the last thing") {
      last = try await stage.witness.put(Thing(id: "end", token: stage.recorder.token()))
      return true
    }
    for cache in stage.caches { try await cache.wait(for: Revision(last), timeout: .seconds(60)) }
    try await stage.allCachesAreLive()
    try await eventually(within: .seconds(60), "the consumers of changes have been told all") {
      stage.caches.indices.allSatisfy { stage.recorder.told($0) >= last }
    }
    try await stage.witness.catchUp()
    let oracles = await stage.witness.oracles
    let history = stage.recorder.history
    var report = Checker(oracles: oracles, history: history, noticesWithin: noticesWithin).run()
    try await converged(stage, oracles, at: last, &report)
    let loss = serverLosesWrites ? oracles.last.flatMap { ServerLoss(history: history, oracle: $0) } : nil
    return (history.reads.count + history.writes.count, report, loss)
  }

  /// Invariant 11: memory, the witness's history and what the store holds are the same, and nothing is pending.
  private func converged(
    _ stage: Stage, _ oracles: [Oracle], at last: Int64, _ report: inout CheckReport
  ) async throws {
    let held = try await stage.witness.holding()
    let replayed = oracles.last?.replay(to: last) ?? [:]
    report.check(.convergence, held == replayed, "the witness missed something: \(difference(held, replayed))")
    for (index, cache) in stage.caches.enumerated() {
      let list = try cache.list().seen
      report.check(
        .convergence, list.keys == held.keys && list.allSatisfy { key, seen in held[key].map(seen.matches) ?? false },
        "cache \(index) is not what the store holds: \(difference(list, held))")
      report.check(.convergence, cache.pendingWrites == 0, "cache \(index) has \(cache.pendingWrites) pending writes")
    }
  }

  private func difference(_ left: [String: Seen], _ right: [String: Seen]) -> [String] {
    Set(left.keys).union(right.keys).sorted().filter { left[$0] != right[$0] }
      .map { "\($0): \(String(describing: left[$0])), \(String(describing: right[$0]))" }
  }
}
