import Holdfast
import Workload

/// What a cache does with events, fed by a scripted store; and what a snapshot that is held costs meanwhile.
struct ApplyRows {
  let jobs: Jobs
  let count: Int
  let time: Duration

  /// Values that stay bytes: the cost of the cache by itself.
  func bytes() async throws -> Figures { try await apply(to: Jobs.bytes) }

  /// Values decoded as they arrive, beside what the decoder alone does on two threads.
  func decoded() async throws -> Figures {
    var figures = try await apply(to: Jobs.keyspace)
    figures["decoder_per_s"] = try await decoderAlone()
    return figures
  }

  /// The same, of which nobody reads any.
  func onDemand() async throws -> Figures { try await apply(to: Jobs.keyspace, decoding: .onDemand) }

  private func apply<Value>(
    to keyspace: Keyspace<Value>, decoding: CacheConfiguration.Decoding = .eager
  ) async throws -> Figures {
    let keyValues = try jobs.keyValues()
    let feed = Feed(keyValues)
    return try await withScriptedCache(
      of: keyspace, holding: keyValues, decoding: decoding, script: feed.next
    ) { cache in
      try await cache.reach(feed.run(count / 10))
      let (before, start) = (processorTime(), ContinuousClock.now)
      try await cache.reach(feed.run(count))
      let (wall, used) = (ContinuousClock.now - start, processorTime() - before)
      return ["events_per_s": Double(count) / wall.seconds, "cpu_us": used.microseconds / Double(count)]
    }
  }

  private func decoderAlone() async throws -> Double {
    let values = try jobs.jobs.prefix(1_000).map(Jobs.keyspace.encode)
    let time = time
    let readings = await Threads.run(2) { _ in
      Reading.of(time, batch: 64) { _ = try Jobs.keyspace.codec.decode(values[$0 % values.count]) }
    }
    if let failure = readings.lazy.compactMap(\.failure).first { throw Failure(failure) }
    // By the clock on the wall, as the cache is measured.
    return readings.reduce(0) { $0 + Double($1.reads) / $1.wall.seconds }
  }

  /// A snapshot is held while events come at full rate: first a hundredth of the entries changes over and over, then all of them.
  func snapshotHeld() async throws -> Figures {
    let keyValues = try jobs.keyValues()
    let feed = Feed(keyValues)
    return try await withScriptedCache(of: Jobs.keyspace, holding: keyValues, script: feed.next) { cache in
      // What the cache remembers of the past is bounded, and full after this.
      try await cache.reach(feed.run(jobs.count + 1_000))
      feed.narrow(to: jobs.count / 100)
      let few = try await growth(cache, feed)
      feed.narrow(to: jobs.count)
      let all = try await growth(cache, feed)
      return [
        "few_mb": few.megabytes, "few_events": few.events, "all_mb": all.megabytes, "all_events": all.events,
        "final_mb": Double(memory().now) / 1e6,
      ]
    }
  }

  private func growth(_ cache: Cache<Job>, _ feed: Feed) async throws -> (megabytes: Double, events: Double) {
    let first = feed.last
    let snapshot = try cache.snapshot()
    let before = memory().now
    feed.start()
    try await Task.sleep(for: time)
    let last = feed.stop()
    try await cache.reach(last)
    let after = memory().now
    guard snapshot.count() == jobs.count, snapshot.revision == first else { throw Failure("the snapshot has changed") }
    return (Double(after - before) / 1e6, Double(last.rawValue - first.rawValue))
  }
}
