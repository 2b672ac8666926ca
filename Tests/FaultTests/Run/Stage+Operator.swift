import Holdfast
import HoldfastCore
import TestSupport

/// What operators and strangers do to the store during a run.
extension Stage {
  /// Compacts everything that the witness has seen, and returns the revision.
  @discardableResult
  func compact() async throws -> Int64 {
    let revision = try await witness.catchUp()
    try await witness.servingMember().compact(revision: revision)
    return revision
  }

  /// Compacts where nobody can write, as far as the witness can look back.
  func compactWithoutWitness() async throws {
    let last = try await witness.lookBack()
    try await witness.servingMember().compact(revision: last)
  }

  /// A put of the first store, recorded as those of the load are.
  func recordPut(
    _ thing: Thing, _ options: (StoreOperation<Stored<Thing>>) -> StoreOperation<Stored<Thing>>
  ) async {
    let writer = Writer(stage: self, store: 0, cache: 0)
    let operation = options(things.put(thing))
    await writer.record([.put(thing.id, token: thing.token)]) {
      (try await stores[0].commit(operation).revision.rawValue, 0)
    }
  }

  /// The fault itself lasts for so long: a member is stopped, a network is silent.
  func lasts(_ time: Duration) async throws { try await Task.sleep(for: time) }

  /// Stops what the first store does over the network, writes beside it, and lets it go on.
  func whileFirstIsCutOff(_ body: () async throws -> Void) async throws {
    for proxy in proxiesOfFirst { try await proxy.refuse() }
    for proxy in proxiesOfFirst { await proxy.cut() }
    try await body()
    for proxy in proxiesOfFirst { try await proxy.accept() }
  }

  /// Kills the only member, puts an earlier snapshot in its place and starts it. What the store held before is one epoch, what
  /// comes then is the next; no write is on its way in between.
  func restore(_ snapshot: String, token: String = "etcd-cluster", before resume: () async throws -> Void) async throws
  {
    try await pauseWriters()
    try await witness.catchUp()
    try await server.restore(snapshot, token: token)
    await witness.beginEpoch()
    recorder.beginEpoch()
    try await resume()
    resumeWriters()
  }
}
