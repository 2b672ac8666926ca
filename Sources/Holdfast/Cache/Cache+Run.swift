import ServiceLifecycle

extension Cache {
  /// Loads the keyspace and follows the store until the task is cancelled or the service is shut down gracefully, then stops;
  /// it may be called again afterwards. That the store is away is no error here: the cache keeps trying and ``health`` says
  /// so.
  ///
  /// - Throws: ``HoldfastError`` with code `alreadyRunning`.
  public func run() async throws {
    try begin()
    defer { end() }
    await cancelWhenGracefulShutdown { await self.work() }
  }

  /// As ``run()``, but a graceful shutdown of the service around it does not end it.
  func runUntilCancelled() async throws {
    try begin()
    defer { end() }
    await work()
  }

  /// Everything that a cache does by itself, until the task is cancelled.
  private func work() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.follow() }
      group.addTask { await self.answerProbes() }
      group.addTask { await self.watchOver() }
      group.addTask { await self.verifyNowAndThen() }
    }
  }

  private func follow() async {
    while !Task.isCancelled {
      await steps.wait()
      guard let step = steps.take() else { continue }
      await perform(step)
    }
  }

  /// Does a step until it is done, or the machine wants another one.
  private func perform(_ step: CacheStep) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.carryOut(step) }
      group.addTask { await self.steps.wait() }
      await group.next()
      group.cancelAll()
    }
  }

  private func carryOut(_ step: CacheStep) async {
    switch step {
    case .list(let attempt, let failures): await list(attempt, failures: failures)
    case .watch(let attempt, let revision): await watch(attempt, from: revision)
    }
  }

  private func list(_ attempt: Int, failures: Int) async {
    do {
      let wait = configuration.backoff(failures: failures, jitter: Double.random(in: 0..<1))
      if wait > .zero { try await configuration.time.sleep(configuration.time.now() + wait) }
      beginListing(attempt)
      defer { endListing(attempt) }
      let list = try await store.lists.list(keyspace.range, from: store.backend) { self.note($0, of: attempt) }
      let header = list.header
      clusterID = header.clusterID
      // Not looked at afterwards, so that the bytes are gone as they are decoded.
      let records = try await decoder.records(list.keyValues)
      handle(.listed(attempt: attempt, header: header, records: records))
    } catch {
      if !Task.isCancelled { handle(.listFailed(attempt: attempt, HoldfastError(wrapping: error))) }
    }
  }

  /// Asks the store whether its past is the one that the cache was built from: it may have been restored.
  private func check(_ anchor: RangeRequest, _ attempt: Int) async {
    do {
      var anchor: RangeRequest? = anchor
      while let request = anchor {
        anchor = handle(.anchorAnswered(attempt: attempt, try await store.backend.range(request)))
      }
    } catch {
      if !Task.isCancelled { handle(.anchorFailed(attempt: attempt, error)) }
    }
  }

  private func watch(_ attempt: Int, from revision: Revision) async {
    do {
      for try await update in store.backend.watch(WatchRequest(keyspace.range, from: revision)) {
        switch update {
        case .started(let header):
          if let anchor = handle(.watchStarted(attempt: attempt, header)) { await check(anchor, attempt) }
        case .batch(let batch): handle(.changes(attempt: attempt, try await decoder.changes(batch.events)))
        case .progress(let progress): handle(.progress(attempt: attempt, progress))
        case .interrupted(let error): handle(.watchInterrupted(attempt: attempt, error))
        }
        if Task.isCancelled { return }
      }
      // A watch that ends without an error was cancelled, by us or by a backend that is shutting down.
      if !Task.isCancelled {
        handle(.watchEnded(attempt: attempt, HoldfastError(.unavailable, "the store ended the watch")))
      }
    } catch {
      if !Task.isCancelled { handle(.watchEnded(attempt: attempt, HoldfastError(wrapping: error))) }
    }
  }
}
