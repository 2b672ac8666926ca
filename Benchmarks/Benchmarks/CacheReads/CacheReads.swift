import Benchmark
import Holdfast
import Workload

/// Local reads by one thread, one after the other: what the benchmark library measures well.
let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, .cpuTotal, .throughput], scalingFactor: .kilo, maxDuration: .seconds(2), maxIterations: 1_000)

  for count in [1_000, 100_000] {
    Benchmark("get, handle, \(count)") { benchmark, fixture in
      // Each iteration asks for other keys: the same thousand would stay in the processor's cache.
      let first = benchmark.currentIteration * 1_000
      for i in benchmark.scaledIterations { blackHole(try fixture.cache.get(fixture.order[(first + i) & 65_535])) }
    } setup: {
      try await Fixture(count: count)
    }
  }

  Benchmark("count of a prefix of 1,000 in 100,000") { benchmark, fixture in
    for i in benchmark.scaledIterations { blackHole(try fixture.cache.count(prefix: queue(i))) }
  } setup: {
    try await Fixture(count: 100_000)
  }

  Benchmark("snapshot, 100,000") { benchmark, fixture in
    for _ in benchmark.scaledIterations { blackHole(try fixture.cache.snapshot()) }
  } setup: {
    try await Fixture(count: 100_000)
  }

  Benchmark("open and visit a prefix of 1,000 in 100,000", configuration: .init(scalingFactor: .one)) {
    benchmark, fixture in
    for i in benchmark.scaledIterations {
      for job in try fixture.cache.list(prefix: queue(i)) { blackHole(job) }
    }
  } setup: {
    try await Fixture(count: 100_000)
  }
}

/// A loaded cache, for as long as the process lives.
private final class Fixture: Sendable {
  let cache: Cache<Job>
  let order: [Key]
  private let running: Task<Void, any Error>

  init(count: Int) async throws {
    let jobs = Jobs(count: count)
    let store = Store(backend: ScriptedBackend(try jobs.keyValues(), script: waitForever))
    let cache = Cache(of: Jobs.keyspace, in: store, configuration: .measured)
    self.cache = cache
    var random = Random(seed: 3)
    order = (0..<65_536).map { _ in jobs.keys[Int.random(in: 0..<jobs.count, using: &random)] }
    running = Task { try await cache.run() }
    // Before `run()` has begun there is nothing to wait for.
    for await health in cache.healthUpdates where health.isLive { break }
  }

  deinit { running.cancel() }
}
