extension Cache {
  /// A snapshot that is new enough; waits, for the watch or for a proof that there is nothing to wait for, where it has to.
  ///
  /// - Throws: ``HoldfastError``: `timeout` when the revision was not reached in time, with the reason if the cache is not live;
  ///   `futureRevision` when the store has not reached it either; for `.at` what ``snapshot(at:)`` throws; `invalidArgument` for a token of another cluster; `stale` when
  ///   memory was older than the staleness allowed; `notStarted`, `notLoaded` or `stopped`; `cancelled`; for a linearizable
  ///   read what the store answers.
  public func snapshot(_ mode: SnapshotMode, timeout: Duration = .seconds(5)) async throws -> CacheSnapshot<Value> {
    do {
      switch mode.kind {
      case .includingMyWrites:
        return try await snapshot(atLeast: RevisionToken(revision: highestAcknowledged), timeout: timeout)
      case .atLeast(let token): return try await snapshot(atLeast: token, timeout: timeout)
      case .at(let revision): return try snapshot(at: revision)
      case .linearizable: return try await linearizableSnapshot(timeout: timeout)
      case .maxStaleness(let bound): return try await snapshot(notOlderThan: bound, timeout: timeout)
      }
    } catch {
      throw HoldfastError(wrapping: error)
    }
  }

  /// Returns when the cache has everything of the store up to a revision, such as that of another process's write.
  ///
  /// - Throws: ``HoldfastError``: `timeout` when the revision was not reached in time, with the reason if the cache is not live;
  ///   `futureRevision` when the store has not reached it either; `notStarted` or `stopped`; `cancelled`.
  public func wait(for revision: Revision, timeout: Duration) async throws {
    _ = try await snapshot(.atLeast(revision), timeout: timeout)
  }

  private func snapshot(atLeast token: RevisionToken, timeout: Duration) async throws -> CacheSnapshot<Value> {
    try checkStarted()
    let revision = token.revision
    if token.clusterID == nil || token.clusterID == clusterID,
      let snapshot = currentSnapshot(.revision(revision, epoch: epoch))
    {
      return snapshot
    }
    let result = try await follow(until: configuration.time.now() + timeout) { answer in
      if let asked = token.clusterID, asked != answer.header.clusterID {
        throw HoldfastError(.invalidArgument, "the token \(token) is of another cluster")
      }
      if revision > answer.header.revision {
        throw HoldfastError(
          .futureRevision, "the store is at revision \(answer.header.revision), not at \(revision) yet",
          revision: answer.header.revision)
      }
      return .revision(revision, epoch: answer.epoch)
    }
    if let result { return result }
    throw notReached("revision \(revision)", after: timeout)
  }

  private func linearizableSnapshot(timeout: Duration) async throws -> CacheSnapshot<Value> {
    try checkStarted()
    let time = configuration.time
    let start = time.now()
    let fromMemory = try await follow(until: start + min(timeout, configuration.linearizableWait)) {
      .revision($0.header.revision, epoch: $0.epoch)
    }
    if let fromMemory { return fromMemory }
    let sent = time.now()
    let list = try await withTimeout(max(.zero, timeout - (sent - start)), time) {
      try await self.store.backend.list(self.keyspace.range)
    }
    guard let list else {
      throw notReached("the store's newest state, nor did a list of it arrive", after: timeout)
    }
    let revision = list.header.revision
    // Not looked at afterwards, so that the bytes are gone as they are decoded.
    let records = try await decoder.records(list.keyValues)
    return CacheSnapshot(
      store: store, decoder: decoder, revision: revision,
      freshness: Freshness(source: .store, age: time.now() - sent),
      records: RecordMap(records))
  }

  private func snapshot(notOlderThan bound: Duration, timeout: Duration) async throws -> CacheSnapshot<Value> {
    try checkStarted()
    if let snapshot = currentSnapshot(.age(bound)) { return snapshot }
    let result = try await follow(until: configuration.time.now() + timeout) { _ in .age(bound) }
    if let result { return result }
    // Says why, when there is nothing to read at all.
    _ = try index.size()
    let age = age.map { "\($0) old" } ?? "of an age that nothing confirms"
    let health = health
    throw HoldfastError(
      .stale, "what the cache holds is \(age), more than the \(bound) allowed; it is \(health)", key: keyspace.prefix,
      revision: health.revision, cause: health.cause)
  }

  /// Asks the store how far it is and waits until memory meets the goal that follows from the answer. On the way it asks again,
  /// which proves that there is nothing to wait for where the watch has nothing to bring. Nil when the time is over.
  private func follow(
    until deadline: Duration, _ goal: (ProbeQueue.Answer) throws -> ReadGoal
  ) async throws -> CacheSnapshot<Value>? {
    let time = configuration.time
    var pause = Duration.milliseconds(2)
    var first: ProbeQueue.Answer?
    repeat {
      var rests = true
      do {
        guard let answer = try await probes.ask(until: deadline) else { return nil }
        // What was learned first is enough, as long as the store has not gone back meanwhile.
        if first?.epoch != answer.epoch { first = answer }
        let goal = try goal(first ?? answer)
        if let snapshot = currentSnapshot(goal) { return snapshot }
        let next = min(deadline, time.now() + pause)
        let isReached = try await waiters.wait(for: answer.header.revision, until: next) ?? false
        if let snapshot = currentSnapshot(goal) { return snapshot }
        // What is held is doubted, say: nothing tells when that is over.
        rests = isReached
      } catch let error as HoldfastError where error.isTransient {
        // It may pass.
      } catch {
        throw error
      }
      if rests { try await time.sleep(min(deadline, time.now() + pause)) }
      pause = min(pause * 2, .milliseconds(100))
    } while time.now() < deadline
    return nil
  }

  /// Says whether it was never started or is stopped.
  private func checkStarted() throws {
    do {
      _ = try index.size()
    } catch let error as HoldfastError where error.code == .notLoaded {
      // It may load while somebody waits.
    } catch {
      throw error
    }
  }

  func notReached(_ what: String, after timeout: Duration) -> HoldfastError {
    let health = health
    let reached = health.revision.map { "is at revision \($0)" } ?? "has not loaded"
    return HoldfastError(
      .timeout, "after \(timeout) the cache \(reached) and has not reached \(what); it is \(health)",
      key: keyspace.prefix, cause: health.cause)
  }
}
