import Holdfast
import HoldfastCore
import Synchronization
import TestSupport

/// What a fault's script has in its hands while the workload runs.
final class Stage: Sendable {
  let kind: ServerKind
  let cluster: EtcdCluster
  /// For each store, its way to each member.
  let proxies: [[TCPProxy]]
  let stores: [Store]
  let caches: [Cache<Thing>]
  let witness: Witness
  let recorder: Recorder
  private let load = Mutex(Load())

  enum Mode { case running, paused, stopped }

  private struct Load {
    var mode = Mode.running
    /// How many writers are at work, with strangers' writes too.
    var working = 0
  }

  init(
    kind: ServerKind, cluster: EtcdCluster, proxies: [[TCPProxy]], stores: [Store], caches: [Cache<Thing>],
    recorder: Recorder
  ) {
    self.kind = kind
    self.cluster = cluster
    self.proxies = proxies
    self.stores = stores
    self.caches = caches
    self.recorder = recorder
    witness = Witness(cluster)
  }

  /// The only member, or the first.
  var server: EtcdServer { cluster.members[0] }
  /// All ways of the first store, whose caches are those under test; the second one writes beside it.
  var proxiesOfFirst: [TCPProxy] { proxies[0] }

  var isStopped: Bool { load.withLock { $0.mode == .stopped } }
  func stop() { load.withLock { $0.mode = .stopped } }
  func resumeWriters() { load.withLock { $0.mode = .running } }

  /// Returns when no write is on its way any more, and none begins.
  func pauseWriters() async throws {
    load.withLock { $0.mode = .paused }
    try await eventually(within: .seconds(30), "the writers rest") { load.withLock { $0.working == 0 } }
  }

  /// Whether a writer may go on; in one step with being counted, so that nobody slips by a pause. It ends with ``endWork()``.
  func beginWork() -> Bool {
    load.withLock { load in
      guard load.mode == .running else { return false }
      load.working += 1
      return true
    }
  }

  func endWork() { load.withLock { $0.working -= 1 } }

  /// Returns when so many more writes have been tried, successfully or not: the fault has met some load.
  func attempts(_ count: Int, within limit: Duration = .seconds(60)) async throws {
    let target = recorder.attempts + count
    try await eventually(within: limit, "\(count) more writes are tried") { recorder.attempts >= target }
  }

  /// Returns when so many more writes were acknowledged: the store serves.
  func acknowledgements(_ count: Int, within limit: Duration = .seconds(90)) async throws {
    let target = recorder.acknowledged + count
    try await eventually(within: limit, "\(count) more writes succeed") { recorder.acknowledged >= target }
  }

  /// Returns when every cache of the first store says that it does not follow.
  func firstCachesNotice(within limit: Duration = .seconds(20)) async throws {
    try await eventually(within: limit, "the caches say that they do not follow") {
      caches.indices.filter { recorder.storeOfCache[$0] == 0 }.allSatisfy { !caches[$0].health.isLive }
    }
  }

  func allCachesAreLive(within limit: Duration = .seconds(60)) async throws {
    try await eventually(within: limit, "every cache is live: \(caches.map(\.health))") {
      caches.allSatisfy(\.health.isLive)
    }
  }

  func heal() async throws {
    for proxy in proxies.joined() { try await proxy.heal() }
  }
}
