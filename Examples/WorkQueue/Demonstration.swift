public import Holdfast

extension WorkQueue {
  /// Runs the queue with producers, workers that are cut off at random, a poller that asks the store itself for comparison,
  /// and an auditor; returns what the auditor's log says.
  ///
  /// - Parameters:
  ///   - configuration: The store. Every worker, producer and the auditor opens its own, as separate processes would.
  ///   - onProgress: Called about ten times a second.
  /// - Throws: ``HoldfastError`` when the store cannot be reached at the start or at the end.
  public static func demonstrate(
    _ options: WorkQueueOptions, on configuration: BackendConfiguration,
    onProgress: @escaping @Sendable (WorkQueueProgress) -> Void = { _ in }
  ) async throws -> WorkQueueReport {
    let counter = RequestCounter()
    let counted = configuration.wrapped { CountingBackend($0, counter: counter) }
    let queue = WorkQueue(root: options.root)
    let run = Demonstration(
      options: options, configuration: configuration, counted: counted, queue: queue, auditor: Auditor(queue),
      ledger: Ledger(limit: options.jobs), onProgress: onProgress)
    return try await run.execute(counter)
  }
}

struct Demonstration: Sendable {
  let options: WorkQueueOptions
  let configuration: BackendConfiguration
  let counted: BackendConfiguration
  let queue: WorkQueue
  let auditor: Auditor
  let ledger: Ledger
  let onProgress: @Sendable (WorkQueueProgress) -> Void
  let statistics = Statistics()
  let start = ContinuousClock.now

  func execute(_ counter: RequestCounter) async throws -> WorkQueueReport {
    try await withStore(counted) { store in
      let first = try await store.backend.status().header.revision.next
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await auditor.run(store, from: first) }
        try await produceAndWork()
        try await retrying { try await auditor.writeEnd(store) }
        group.addTask {
          try await Task.sleep(for: options.drainTimeout)
          throw HoldfastError(.timeout, "the auditor did not see the end of the log in time")
        }
        defer { group.cancelAll() }
        try await group.next()
      }
      let report = report(auditor.verdict(acknowledged: ledger.acknowledged), counter.count)
      // The queue was ours alone; leave nothing behind.
      try await retrying { _ = try await store.backend.deleteRange(DeleteRangeRequest(.prefix(queue.root))) }
      return report
    }
  }

  /// Returns when everything that was produced is done, or there is no hope left.
  private func produceAndWork() async throws {
    try await withThrowingTaskGroup(of: Void.self) { background in
      for slot in 0..<options.workers { background.addTask { try await occupy(slot: slot) } }
      background.addTask { try await pollDirectly() }
      background.addTask { try await reportProgress() }
      background.addTask {
        try await Task.sleep(for: options.duration)
        ledger.close()
      }
      try await withThrowingTaskGroup(of: Void.self) { producers in
        for number in 0..<options.producers {
          producers.addTask { try await withStore(counted) { try await producer("p\(number)").run($0) } }
        }
        try await producers.waitForAll()
      }
      try await drain()
      background.cancelAll()
    }
  }

  private func producer(_ name: String) -> Producer {
    Producer(name: name, queue: queue, options: options, statistics: statistics, ledger: ledger)
  }

  private func drain() async throws {
    let deadline = ContinuousClock.now + options.drainTimeout
    while ContinuousClock.now < deadline {
      let verdict = auditor.verdict(acknowledged: ledger.acknowledged)
      if verdict.lost == 0 { return }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Keeps one worker after the other in a place, each cut off without a chance to clean up.
  private func occupy(slot: Int) async throws {
    var generation = 0
    while !Task.isCancelled {
      generation += 1
      let fuse = Fuse(Fuse.Point.allCases.randomElement() ?? .anywhere)
      let worker = Worker(
        id: "w\(slot).\(generation)", queue: queue, options: options, statistics: statistics, fuse: fuse)
      let lifetime = options.cutInterval * Double(options.workers) * Double.random(in: 0.3...1.7)
      do {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { try await withStore(counted) { try await worker.run($0) } }
          group.addTask {
            try await Task.sleep(for: lifetime)
            // When the point does not come within another lifetime, anywhere will do.
            if !fuse.light() { try await Task.sleep(for: lifetime) }
          }
          defer { group.cancelAll() }
          try await group.next()
        }
        statistics.note(\.cutOffs)
      } catch  where Task.isCancelled {
        return
      } catch is CancellationError {
        statistics.note(\.cutOffs)
      } catch {
        // The store is away: the next worker tries again.
        statistics.note(\.errors)
        try await Task.sleep(for: .milliseconds(100))
      }
    }
  }

  /// What everybody would have to do without a cache, for comparison. Not counted among the requests.
  private func pollDirectly() async throws {
    try await withStore(configuration) { store in
      while true {
        let start = ContinuousClock.now
        if (try? await store.execute(queue.jobs.list())) != nil {
          statistics.noteDirectRead(ContinuousClock.now - start)
        }
        try await Task.sleep(for: .milliseconds(20))
      }
    }
  }

  private func reportProgress() async throws {
    while true {
      let (created, done, _) = auditor.progress
      onProgress(
        WorkQueueProgress(
          elapsed: ContinuousClock.now - start, created: created, done: done, cutOffs: statistics.counters.cutOffs))
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  /// Repeats what may be repeated until it works, for as long as a fail-over takes.
  private func retrying(_ body: () async throws -> Void) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while true {
      do {
        return try await body()
      } catch {
        guard ContinuousClock.now < deadline else { throw error }
        try await Task.sleep(for: .milliseconds(100))
      }
    }
  }

  private func report(_ verdict: Auditor.Verdict, _ requests: Int) -> WorkQueueReport {
    let counters = statistics.counters
    return WorkQueueReport(
      seconds: (ContinuousClock.now - start) / .seconds(1), jobsCreated: verdict.created, jobsDone: verdict.done,
      jobsLost: verdict.lost, jobsDoneTwice: verdict.doneTwice, workers: options.workers,
      workersCutOff: counters.cutOffs, claimsTakenOver: verdict.takeovers, conflicts: counters.conflicts,
      errorsSurvived: counters.errors, memoryReads: counters.reads,
      memoryReadMedianMicroseconds: statistics.medianRead.map { $0 / .microseconds(1) }, storeRequests: requests,
      directReads: counters.directReads,
      directReadMedianMicroseconds: statistics.medianDirectRead.map { $0 / .microseconds(1) })
  }
}
