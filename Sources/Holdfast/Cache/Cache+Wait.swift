extension Store {
  /// Runs a cache of a keyspace while the body runs: loads it completely first, and stops it at the end (not before: a body
  /// that drains during a graceful shutdown still has it). When the body begins everything can be read, and ``Cache/health`` may say
  /// `loading` for as long as the watch does not stand; see ``Cache/waitUntilLive(timeout:)``.
  ///
  /// - Throws: What the body throws; before it ``HoldfastError`` with the cause when the first load did not succeed within the
  ///   configuration's `startTimeout`.
  @discardableResult
  public func withCache<Value, R: Sendable>(
    of keyspace: Keyspace<Value>, configuration: CacheConfiguration = CacheConfiguration(),
    _ body: (Cache<Value>) async throws -> R
  ) async throws -> R {
    let cache = Cache(of: keyspace, in: self, configuration: configuration)
    // It cannot fail, because nobody else has it yet. A graceful shutdown is the body's matter, which may need the cache for it.
    return try await withBackground({ try? await cache.runUntilCancelled() }) {
      try await cache.waitUntilLoaded(timeout: configuration.startTimeout)
      return try await body(cache)
    }
  }
}

extension Cache {
  /// Returns after the first complete load.
  package func waitUntilLoaded(timeout: Duration) async throws {
    // Not yet run by its task: the waiters open here, or there.
    waiters.open()
    do {
      if let isLoaded = try await waiters.wait(for: .zero, until: configuration.time.now() + timeout) {
        // Says whether it was never started or is stopped.
        if !isLoaded { _ = try index.size() }
        return
      }
    } catch {
      throw HoldfastError(wrapping: error)
    }
    let health = health
    let arrived = health.progress.map { "\($0) had arrived; allow it more time (`startTimeout`)" }
    let why = health.cause?.message ?? arrived ?? "the store has not answered"
    throw HoldfastError(
      health.cause?.code ?? .timeout, "the cache of '\(keyspace.prefix)' did not load within \(timeout): \(why)",
      key: keyspace.prefix, cause: health.cause)
  }

  /// When the watch had brought a revision, for measurements: nobody asks the store meanwhile, as ``wait(for:timeout:)`` does, and what
  /// the waiting itself costs is no part of it. For a revision that is there already it is now.
  ///
  /// - Throws: ``HoldfastError``: `timeout` when it was not brought in time, with the reason if the cache is not live; `stopped`;
  ///   `cancelled`.
  package func arrival(of revision: Revision, timeout: Duration) async throws -> ContinuousClock.Instant {
    do {
      if let isFollowed = try await waiters.wait(for: revision, until: configuration.time.now() + timeout) {
        let now = ContinuousClock.now
        guard isFollowed else { throw HoldfastError(.stopped, "the cache has been stopped") }
        return now
      }
    } catch {
      throw HoldfastError(wrapping: error)
    }
    throw notReached("revision \(revision)", after: timeout)
  }
}
