extension Store {
  /// Several keyspaces exactly as they were at one revision: a transaction over keys in several of them is in all of the
  /// snapshots or in none (G3).
  ///
  /// The revision is the highest that any of the caches' own snapshots states now, so that none goes back. Where they agree
  /// memory answers at once. A cache that is behind waits for its watch, or asks the store whether anything happened in its
  /// keyspace until then: one read for each such cache. One that is further is read at the revision (``Cache/snapshot(at:)``), if it
  /// remembers it (``CacheConfiguration/historyRevisions``); otherwise all begin again at a higher one. A restored store is
  /// seen in none of the snapshots, or in all.
  ///
  /// ```swift
  /// let (open, done) = try await store.snapshot(of: openJobs, doneJobs)
  /// ```
  ///
  /// - Parameters:
  ///   - cache: Caches of this store, running. The same one may be there more than once. Of one alone the result is not a tuple.
  ///   - timeout: How long caches that are behind may take.
  /// - Returns: The snapshots, all with the same ``CacheSnapshot/revision``. An age is told where it is known.
  /// - Throws: ``HoldfastError``: `timeout`, with the prefix of a cache that has not got there as `key`, and what hinders it as
  ///   the cause; `invalidArgument` for no cache, or one of another store; `notStarted`, `notLoaded` or `stopped` when that is so of one
  ///   of them; `cancelled`; what the store answers if trying again does not help.
  public func snapshot<each Value: Sendable>(
    of cache: repeat Cache<each Value>, timeout: Duration = .seconds(5)
  ) async throws -> (repeat CacheSnapshot<each Value>) {
    try await meet(repeat each cache, timeout: timeout, CommonRevision()) { _ in }
  }

  /// As ``snapshot(of:timeout:)``, at a revision that is new enough.
  ///
  /// - `.includingMyWrites`: everything that this store had acknowledged in any of the keyspaces when it was asked for.
  /// - `.atLeast`: the state at this revision or a later one (G4). If the store has not reached it, the error is
  ///   `futureRevision`.
  /// - `.linearizable`: everything that anybody had written, and had had acknowledged, when it was asked for (G5). Each cache asks
  ///   the store how far it is, sharing the question with others, and memory answers as soon as it is as far. It never reads the
  ///   values from the store instead: what does not get there in time is a `timeout`.
  ///
  /// - Throws: As there; `invalidArgument` for the modes `.at` and `.maxStaleness`, which are for one cache, and for a token of
  ///   another cluster.
  public func snapshot<each Value: Sendable>(
    _ mode: SnapshotMode, of cache: repeat Cache<each Value>, timeout: Duration = .seconds(5)
  ) async throws -> (repeat CacheSnapshot<each Value>) {
    switch mode.kind {
    case .includingMyWrites:
      return try await meet(repeat each cache, timeout: timeout, CommonRevision(includesWrites: true)) { _ in }
    case .linearizable:
      return try await meet(repeat each cache, timeout: timeout, CommonRevision(asks: true)) { _ in }
    case .atLeast(let token):
      return try await meet(repeat each cache, timeout: timeout, CommonRevision(atLeast: token.revision)) { marks in
        guard let cluster = token.clusterID else { return }
        if marks.contains(where: { $0.clusterID.map { $0 != cluster } ?? false }) {
          throw HoldfastError(.invalidArgument, "the token \(token) is of another cluster")
        }
      }
    case .at, .maxStaleness:
      throw HoldfastError(.invalidArgument, "several caches are not read in this mode, which is for one")
    }
  }

  private func meet<each Value: Sendable>(
    _ cache: repeat Cache<each Value>, timeout: Duration, _ machine: CommonRevision,
    check: @escaping @Sendable ([CacheMark]) throws -> Void
  ) async throws -> (repeat CacheSnapshot<each Value>) {
    let seats = (repeat SnapshotSeat(each cache))
    var all: [any SnapshotParticipant] = []
    var times: [TimeSource] = []
    for seat in repeat each seats { all.append(seat) }
    for cache in repeat each cache { times.append(cache.configuration.time) }
    guard let time = times.first else { throw HoldfastError(.invalidArgument, "there is no cache to read") }
    guard all.allSatisfy({ $0.store === self }) else {
      throw HoldfastError(.invalidArgument, "a cache is of another store")
    }
    let group = SnapshotGroup(all, time, check: check)
    do {
      var machine = machine
      if try group.takeAtOnce(&machine) == nil {
        let rest = machine
        guard try await withTimeout(timeout, time, { try await group.take(rest) }) != nil else {
          throw group.notMet(after: timeout)
        }
      }
      return (repeat try (each seats).snapshot())
    } catch {
      throw HoldfastError(wrapping: error)
    }
  }
}
