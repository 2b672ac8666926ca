import Holdfast

/// Measures a store and caches in front of it, below a prefix that is empty before and after.
struct Benchmark: Sendable {
  let plan: BenchPlan
  let configuration: BackendConfiguration
  /// Told what is measured, and how much of the whole is over, 0 to 1.
  var onProgress: (@Sendable (_ title: String, _ fraction: Double) -> Void)?

  /// What is left of a run's keys could not be deleted, or may be written by a request that is still under way.
  typealias Leftover = HoldfastError

  /// - Parameter onLeftover: Told before this returns or throws, when keys may be left.
  /// - Throws: ``HoldfastError``: `invalidArgument` before anything is written when there are keys below the prefix; what the store
  ///   answers; `keyNotFound` when others change the keys that are measured. What was written has been deleted by then, also when
  ///   the task was cancelled.
  func run(onLeftover: (Leftover) -> Void) async throws -> BenchReport {
    try await withStore(configuration) { store in
      guard try await store.execute(Keyspace.raw(below: plan.prefix).count()) == 0 else {
        throw HoldfastError(
          .invalidArgument, "there are keys below \(plan.prefix) already; nothing was written", key: plan.prefix)
      }
      let ended: Result<BenchReport, any Error>
      do { ended = .success(try await measure(store)) } catch { ended = .failure(error) }
      if let leftover = await cleanUp(store, after: ended) { onLeftover(leftover) }
      return try ended.get()
    }
  }

  private func measure(_ store: Store) async throws -> BenchReport {
    let server = try? await store.backend.status().version
    try await load(store)
    var results: [BenchResult] = []
    try await store.withCache(of: plan.keyspace, configuration: cacheConfiguration) { cache in
      let own = BenchMeasurement.reads(plan, cache) + [.writeThrough(plan, cache)]
      for (index, measurement) in own.enumerated() {
        results.append(try await measure(measurement, index, of: own.count + 1))
      }
      // Another process would have a connection and a watch of its own too.
      try await withStore(configuration) { other in
        try await other.withCache(of: plan.keyspace, configuration: cacheConfiguration) { otherCache in
          let lag = BenchMeasurement.watchLag(plan, from: store, to: otherCache)
          results.append(try await measure(lag, own.count, of: own.count + 1))
        }
      }
    }
    return BenchReport(plan: plan, server: server, results: results)
  }

  private func measure(_ measurement: BenchMeasurement, _ index: Int, of count: Int) async throws -> BenchResult {
    var extent = plan.extent
    if extent.samples < .max { extent.samples = max(1, extent.samples / measurement.operationsPerSample) }
    if measurement.writes { extent.samples = min(extent.samples, plan.writesAllowed) }
    var sampler = BenchSampler(clients: plan.clients)
    if let onProgress {
      onProgress(measurement.title, Double(index) / Double(count))
      sampler.onProgress = { onProgress(measurement.title, (Double(index) + $0) / Double(count)) }
    }
    _ = try await BenchSampler(clients: plan.clients).run(extent.warmUp, measurement.sample)
    let (latencies, elapsed) = try await sampler.run(extent, measurement.sample)
    return BenchResult(
      measurement, latencies: latencies, elapsed: elapsed,
      endedEarly: extent.duration != nil && latencies.count >= extent.samples)
  }

  private var cacheConfiguration: CacheConfiguration {
    var configuration = CacheConfiguration()
    if let loading = plan.loading { configuration.startTimeout = loading }
    return configuration
  }

  /// Writes what is to be read, in transactions as large as the store takes.
  private func load(_ store: Store) async throws {
    let limits = store.backend.limits
    let size = max(1, min(limits.transactionOperations, limits.requestBytes / 2 / (plan.valueSize + 256)))
    for start in stride(from: 0, to: plan.keys, by: size) {
      try Task.checkCancellation()
      var transaction = Transaction()
      for name in plan.names[start..<min(plan.keys, start + size)] {
        transaction.add(plan.keyspace.create(RawValue(key: name, bytes: plan.value)))
      }
      try await uncancelled(for: plan.grace) { [transaction] in _ = try await store.execute(transaction) }
    }
  }

  /// Deletes what was written; when the run was interrupted only for a while.
  private func cleanUp(_ store: Store, after ended: Result<BenchReport, any Error>) async -> Leftover? {
    var failure: HoldfastError?
    do {
      try await uncancelled(for: .seconds(3)) { try await delete(store) }
      // A write that was given up may come after the deletion.
      if case .failure(let error as HoldfastError) = ended, error.outcome == .unknown { failure = error }
    } catch {
      failure = HoldfastError(wrapping: error)
    }
    return failure.map { failure in
      HoldfastError(
        failure.code,
        "keys may be left, which holdfast delete --prefix \(plan.keyspace.prefix) deletes: \(failure.message)",
        key: plan.keyspace.prefix, cause: failure)
    }
  }

  /// Tries for as long as a fail-over may take.
  private func delete(_ store: Store) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while true {
      do {
        _ = try await store.execute(plan.keyspace.delete(prefix: ""))
        return
      } catch {
        guard ContinuousClock.now < deadline, !Task.isCancelled else { throw error }
        try await Task.sleep(for: .milliseconds(100))
      }
    }
  }
}
