import Holdfast
import HoldfastEtcd
import Workload

/// A cache beside a real etcd.
struct EtcdCacheRows {
  let endpoint: String
  let count: Int

  private func withEtcd<R: Sendable>(_ body: (Store) async throws -> R) async throws -> R {
    try await withStore(.etcd(endpoints: [endpoint]) { $0.requestTimeout = .seconds(60) }, body)
  }

  private func withCache<R: Sendable>(
    _ decoding: CacheConfiguration.Decoding = .eager, _ body: (Cache<Job>) async throws -> R
  ) async throws -> R {
    try await withEtcd { store in
      var configuration = CacheConfiguration.measured
      configuration.decoding = decoding
      return try await store.withCache(of: Jobs.keyspace, configuration: configuration) { try await body($0) }
    }
  }

  /// Writes the jobs, a hundred in a transaction, through 16 callers.
  func fill() async throws -> Figures {
    let keyValues = try Jobs(count: count).keyValues()
    return try await withEtcd { store in
      let turn = Turn()
      let backend = store.backend
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<16 {
          group.addTask {
            while let i = turn.next(below: (keyValues.count + 99) / 100) {
              let part = keyValues[(i * 100)..<min(i * 100 + 100, keyValues.count)]
              let puts = part.map { StoreRequest.put(PutRequest(key: $0.key, value: $0.value)) }
              _ = try await backend.transact(TransactionRequest(success: puts))
            }
          }
        }
        try await group.waitForAll()
      }
      return ["keys": Double(keyValues.count)]
    }
  }

  /// From nothing to live; what it costs in memory, and how often progress could be seen.
  func load(_ decoding: CacheConfiguration.Decoding = .eager) async throws -> Figures {
    try await load(Jobs.keyspace, decoding)
  }

  /// The same of parts of the values.
  func loadParts() async throws -> Figures { try await load(Jobs.states, .eager) }

  /// The same of a cache that leaves everything out.
  func loadNothing() async throws -> Figures { try await load(Jobs.keyspace, .eager) { _ in false } }

  private func load<Value>(
    _ keyspace: Keyspace<Value>, _ decoding: CacheConfiguration.Decoding,
    keyFilter: (@Sendable (Key) -> Bool)? = nil
  ) async throws -> Figures {
    try await withEtcd { store in
      var request = RangeRequest(keyspace.range)
      request.countOnly = true
      let keys = Double(try await store.backend.range(request).count)
      let before = memory().now
      let (used, start) = (processorTime(), ContinuousClock.now)
      var configuration = CacheConfiguration.measured
      configuration.decoding = decoding
      configuration.keyFilter = keyFilter
      let cache = Cache(of: keyspace, in: store, configuration: configuration)
      return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await cache.run() }
        defer { group.cancelAll() }
        var progress = 0
        var loaded: Duration?
        for await health in cache.healthUpdates {
          if loaded == nil, (try? cache.size) != nil { loaded = ContinuousClock.now - start }
          if health.progress != nil { progress += 1 }
          if health.isLive { break }
        }
        let (wall, cpu) = (ContinuousClock.now - start, processorTime() - used)
        let (size, memory) = (try cache.size, memory())
        let growth = Double(memory.now - before)
        return [
          "loaded_ms": (loaded ?? wall).seconds * 1_000, "live_ms": wall.seconds * 1_000, "cpu_ms": cpu.seconds * 1_000,
          "progress": Double(progress),
          "keys": keys, "bytes_per_entry": growth / keys,
          "size_ratio": Double(size.bytes) / growth, "peak_ratio": Double(memory.peak) / Double(memory.now),
        ]
      }
    }
  }

  /// Follows a writer elsewhere for so many revisions; says `ready` when it may begin and `done` when it has all of them.
  func live(_ decoding: CacheConfiguration.Decoding = .eager) async throws -> Figures {
    try await withCache(decoding) { cache in
      try await cache.waitUntilLive(timeout: .seconds(60))
      let first = try cache.snapshot().revision
      announce("ready")
      let before = processorTime()
      try await cache.reach(Revision(first.rawValue + Int64(count)))
      let used = processorTime() - before
      announce("done")
      let isCorrect = try await cache.verify().isCorrect
      return ["cpu_us": used.microseconds / Double(count), "correct": isCorrect ? 1 : 0]
    }
  }

  /// The same without a cache: what any watch of the client costs.
  func drain() async throws -> Figures {
    try await withEtcd { store in
      var before = Duration.zero
      var events = 0
      for try await update in store.backend.watch(WatchRequest(Jobs.keyspace.range)) {
        switch update {
        case .started:
          announce("ready")
          before = processorTime()
        case .batch(let batch): events += batch.events.count
        case .progress, .interrupted: break
        }
        if events >= count { break }
      }
      announce("done")
      return ["cpu_us": (processorTime() - before).microseconds / Double(count)]
    }
  }

  /// Linearizable snapshots by one reader and by 64.
  func linearizable() async throws -> Figures {
    try await withCache { cache in
      func perSecond(_ readers: Int, _ reads: Int) async throws -> Double {
        let turn = Turn()
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<readers {
            group.addTask {
              while turn.next(below: reads) != nil {
                _ = try await cache.snapshot(.linearizable, timeout: .seconds(30))
              }
            }
          }
          try await group.waitForAll()
        }
        return Double(reads) / (ContinuousClock.now - start).seconds
      }
      _ = try await perSecond(64, count)
      let one = try await perSecond(1, count)
      let many = try await perSecond(64, count * 20)
      return ["one_per_s": one, "many_per_s": many]
    }
  }
}
