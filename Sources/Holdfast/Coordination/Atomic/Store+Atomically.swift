extension Store {
  /// Runs a closure that reads and writes the store as if it were alone: software transactional memory.
  ///
  /// ```swift
  /// try await store.atomically { tx in
  ///   try await tx.update(accounts, "alice") { $0.balance -= 10 }
  ///   try await tx.update(accounts, "bob") { $0.balance += 10 }
  /// }
  /// ```
  ///
  /// Everything that the closure reads is of one revision, and what it writes is made in one transaction, if nothing that it has
  /// read has changed until then, ranges with what was added to and deleted from them included. Otherwise nothing is written and the
  /// closure is run again, after a pause: so it must have no effects but by its transaction. The whole is strictly
  /// serializable: it happens at one moment between call and return. A closure that only reads needs no commit, and is never
  /// repeated but for a compaction. What the closure throws ends it, and nothing is written.
  ///
  /// The caches of the store show what was written when it returns, as for every write (G2). A commit whose answer was lost is
  /// looked for as every write is (``ResolutionConfiguration``); where its outcome stays unknown that is thrown, and the closure is not
  /// run again.
  ///
  /// - Parameter body: What to do. Use only the transaction that it is given, not the store.
  /// - Returns: What the closure returned in the run that was committed.
  /// - Throws: What the closure throws. ``HoldfastError``: `revisionMismatch` when every attempt met others' writes;
  ///   `constraintViolated` for a condition that was required; `tooManyOperations` when it has read or written more than one
  ///   transaction can check or write (``BackendLimits/transactionOperations``), before anything is sent; otherwise as the store does, with
  ///   the outcome.
  public func atomically<R>(
    configuration: AtomicConfiguration = AtomicConfiguration(), _ body: (AtomicTransaction) async throws -> R
  ) async throws -> R {
    try await atomically(snapshot: nil, configuration, body)
  }

  /// As ``atomically(configuration:_:)``, with reads in the snapshot's keyspace from memory, and others from the store at the
  /// snapshot's revision. Another keyspace with the same keys, also one that was made again in the same way, decodes for itself:
  /// it reads the bytes from the store where the snapshot's cache has not kept them. At the end the store is asked whether all of it still holds, also when nothing is written; where it does
  /// not, or the closure has thrown, which may be for the snapshot's age, the closure is run again and reads from the store.
  ///
  /// - Parameter snapshot: From a cache of this store: `try cache.snapshot()`.
  /// - Throws: As ``atomically(configuration:_:)``; `invalidArgument` for a snapshot from a cache of another store, whose revisions
  ///   mean nothing here.
  public func atomically<R, Value>(
    from snapshot: CacheSnapshot<Value>, configuration: AtomicConfiguration = AtomicConfiguration(),
    _ body: (AtomicTransaction) async throws -> R
  ) async throws -> R {
    guard snapshot.store === self else {
      throw HoldfastError(.invalidArgument, "the snapshot is of another store", outcome: .refused)
    }
    return try await atomically(snapshot: AtomicSnapshot(snapshot), configuration, body)
  }

  private func atomically<R>(
    snapshot: AtomicSnapshot?, _ configuration: AtomicConfiguration, _ body: (AtomicTransaction) async throws -> R
  ) async throws -> R {
    var retry = AtomicRetry(configuration)
    var action = retry.handle(.start(hasSnapshot: snapshot != nil), jitter: 0)
    while true {
      switch action {
      case .attempt(let fromSnapshot):
        do {
          return try await attempt(fromSnapshot ? snapshot : nil, body)
        } catch let conflict as AtomicConflict {
          action = retry.handle(.conflicted(conflict.error), jitter: .random(in: 0..<1))
        } catch {
          throw error
        }
      case .wait(let pause):
        do {
          try await configuration.time.sleep(configuration.time.now() + pause)
        } catch {
          throw HoldfastError(wrapping: error).with(outcome: .refused)
        }
        action = retry.handle(.waited, jitter: 0)
      case .fail(let error): throw error
      }
    }
  }

  private func attempt<R>(
    _ snapshot: AtomicSnapshot?, _ body: (AtomicTransaction) async throws -> R
  ) async throws -> R {
    let transaction = AtomicTransaction(backend, snapshot: snapshot)
    let result: R
    do {
      result = try await body(transaction)
    } catch {
      let end = transaction.finish()
      if let conflict = end.conflict { throw AtomicConflict(error: conflict) }
      if end.readsSnapshot, !Task.isCancelled { throw AtomicConflict(error: HoldfastError(wrapping: error)) }
      throw error
    }
    let (log, conflict, readsSnapshot) = transaction.finish()
    if let conflict { throw AtomicConflict(error: conflict) }
    try await commit(log, readsSnapshot: readsSnapshot)
    return result
  }

  private func commit(_ log: AtomicLog, readsSnapshot: Bool) async throws {
    if log.isEmpty, !readsSnapshot { return }
    do {
      try log.check(limit: backend.limits.transactionOperations)
    } catch {
      // Of what the store itself tells nothing needs to be checked, as long as nothing is written.
      if log.requests.isEmpty, readsSnapshot { throw AtomicConflict(error: HoldfastError(wrapping: error)) }
      throw error
    }
    let plan = OperationPlan(
      name: "atomically", guards: log.compares.map { Guard($0, .unchanged) }, requests: log.requests, ttl: nil,
      isSplittable: false)
    do {
      _ = try await run([plan], conditions: log.conditions.map { Condition($0) })
    } catch let error as HoldfastError where error.code == .revisionMismatch && error.outcome ?? .refused == .refused {
      throw AtomicConflict(error: error)
    } catch {
      throw error
    }
  }
}

/// What was read has changed, and nothing was written.
private struct AtomicConflict: Error {
  let error: HoldfastError
}
