extension Cache {
  /// Returns when the cache has followed the store up to a revision, such as that of another process's write.
  ///
  /// On a keyspace where nothing changes the store's progress reports take the cache further, at the server's interval.
  ///
  /// - Throws: ``HoldfastError``: `timeout` when the revision was not reached in time, with the reason if the cache is not live;
  ///   `notStarted` or `stopped`; `cancelled`.
  public func wait(for revision: Revision, timeout: Duration) async throws {
    let time = configuration.time
    let outcome = try await withThrowingTaskGroup(of: Bool?.self) { group in
      group.addTask { try await self.waiters.wait(for: revision) }
      group.addTask {
        try await time.sleep(time.now() + timeout)
        return nil
      }
      defer { group.cancelAll() }
      do {
        return try await group.next() ?? nil
      } catch {
        throw HoldfastError(wrapping: error)
      }
    }
    switch outcome {
    case true: return
    case false:
      // Says whether it was never started or is stopped.
      _ = try index.size()
      throw HoldfastError(.stopped, "the cache was stopped while something waited for revision \(revision)")
    default:
      let health = health
      let reached = health.revision.map { "is at revision \($0)" } ?? "has not loaded"
      throw HoldfastError(
        .timeout, "after \(timeout) the cache \(reached), not \(revision); it is \(health)", cause: health.cause)
    }
  }
}

extension Store {
  /// Runs a cache of a keyspace while the body runs: loads it completely first, and stops it at the end (not before: a body
  /// that drains during a graceful shutdown still has it).
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
    do {
      // Not yet run by its task: the waiters open here, or there.
      waiters.open()
      try await wait(for: .zero, timeout: timeout)
    } catch let error as HoldfastError where error.code == .timeout {
      let cause = health.cause
      throw HoldfastError(
        cause?.code ?? .timeout,
        "the cache of '\(keyspace.prefix)' did not load within \(timeout)"
          + (cause.map { ": \($0.message)" } ?? ""), key: keyspace.prefix, cause: cause ?? error)
    } catch {
      throw error
    }
  }
}
