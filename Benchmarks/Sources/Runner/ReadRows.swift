import Holdfast
import Workload

/// Local reads of a cache that a scripted store feeds.
struct ReadRows {
  let jobs: Jobs
  let time: Duration

  /// A way to read a cache. Another one of the API is another case and another line of `read`.
  enum Way: String { case handle, borrowed }

  private static func read(_ way: Way, _ key: Key, of cache: Cache<Job>) throws -> Int {
    switch way {
    case .handle: try cache.get(key)?.version == nil ? 0 : 1
    case .borrowed: try cache.withValue(of: key) { $0.id.isEmpty ? 0 : 1 } ?? 0
    }
  }

  /// So many keys in an order of the reader's own; all the same one where it is hot. Copies, as the reference has: no two readers
  /// count references to the same bytes.
  private func order(_ reader: Int, hot: Bool) -> [Key] {
    var random = Random(seed: UInt64(reader) + 3)
    return (0..<65_536).map { _ in
      Key(bytes: jobs.keys[hot ? 0 : Int.random(in: 0..<jobs.count, using: &random)].bytes.lazy.map { $0 })
    }
  }

  private func readings(_ way: Way, _ readers: Int, hot: Bool, of cache: Cache<Job>) async throws -> [Reading] {
    let orders = (0..<readers).map { order($0, hot: hot) }
    let time = time
    let readings = await Threads.run(readers) { reader in
      let order = orders[reader]
      var found = 0
      var reading = Reading.of(time) { found += try Self.read(way, order[$0 & 65_535], of: cache) }
      if found != reading.reads, reading.failure == nil {
        reading.failure = "\(reading.reads - found) keys were missing"
      }
      return reading
    }
    if let failure = readings.lazy.compactMap(\.failure).first { throw Failure(failure) }
    return readings
  }

  func get(_ way: Way, readers: Int, hot: Bool) async throws -> Figures {
    try await withScriptedCache(of: Jobs.keyspace, holding: try jobs.keyValues()) { cache in
      try await readings(way, readers, hot: hot, of: cache).figures
    }
  }

  /// A reader alone, a writer at full rate alone, and both.
  func besideWriter(_ way: Way, _ decoding: CacheConfiguration.Decoding = .eager) async throws -> Figures {
    let keyValues = try jobs.keyValues()
    let feed = Feed(keyValues)
    return try await withScriptedCache(
      of: Jobs.keyspace, holding: keyValues, decoding: decoding, script: feed.next
    ) { cache in
      let alone = try await readings(way, 1, hot: false, of: cache).figures
      let writerAlone = try await events(feed, cache) {
        try await Task.sleep(for: time)
      }
      var both: Figures = [:]
      let writerBeside = try await events(feed, cache) {
        both = try await readings(way, 1, hot: false, of: cache).figures
      }
      return [
        "reader_ns": alone["ns"] ?? 0, "reader_beside_ns": both["ns"] ?? 0, "overlap": both["overlap"] ?? 0,
        "event_us": 1e6 / writerAlone, "event_beside_us": 1e6 / writerBeside,
      ]
    }
  }

  /// How many events are applied for each second while the body runs.
  private func events<Value>(_ feed: Feed, _ cache: Cache<Value>, _ body: () async throws -> Void) async throws
    -> Double
  {
    let first = feed.last
    let start = ContinuousClock.now
    feed.start()
    try await body()
    let last = feed.stop()
    try await cache.reach(last)
    return Double(last.rawValue - first.rawValue) / (ContinuousClock.now - start).seconds
  }

  /// A hundredth of the keys by prefix, in key order; the count; a snapshot. In microseconds each.
  func prefix() async throws -> Figures {
    try await withScriptedCache(of: Jobs.keyspace, holding: try jobs.keyValues()) { cache in
      let each = time / 5
      let count = jobs.count / 100
      func microseconds(_ body: @escaping @Sendable (String) throws -> Int, expecting: Int) async throws -> Double {
        let readings = await Threads.run(1) { _ in
          var found = 0
          var reading = Reading.of(each, batch: 16) { found = try body(Workload.queue($0)) }
          if found != expecting { reading.failure = reading.failure ?? "\(found) instead of \(expecting)" }
          return reading
        }
        if let failure = readings.lazy.compactMap(\.failure).first { throw Failure(failure) }
        return (readings.figures["ns"] ?? 0) / 1_000
      }
      return [
        "open_us": try await microseconds({ try cache.list(prefix: $0).count }, expecting: count),
        "visit_us": try await microseconds(
          { try cache.list(prefix: $0).reduce(into: 0) { sum, job in sum += job.version > 0 ? 1 : 0 } },
          expecting: count),
        "array_us": try await microseconds({ Array(try cache.list(prefix: $0)).count }, expecting: count),
        "count_us": try await microseconds({ try cache.count(prefix: $0) }, expecting: count),
        "snapshot_us": try await microseconds({ _ in try cache.snapshot().revision > 0 ? 1 : 0 }, expecting: 1),
      ]
    }
  }
}
