import Holdfast

/// Measures one thing again and again, by several clients at a time.
struct BenchSampler: Sendable {
  let clients: Int
  /// Told about ten times a second how much is over, 0 to 1.
  var onProgress: (@Sendable (Double) -> Void)?

  /// How long a client that never waits for anything keeps its thread, which others want too.
  private static let turn = Duration.milliseconds(1)

  /// - Parameter sample: Does it once and says how long it took. Gets a number that is another one each time.
  /// - Returns: How long each took, and all of them together.
  func run(
    _ extent: BenchExtent, _ sample: @escaping @Sendable (Int) async throws -> Duration
  ) async throws -> (latencies: LatencyHistogram, elapsed: Duration) {
    let start = ContinuousClock.now
    let latencies = try await withThrowingTaskGroup(of: LatencyHistogram.self) { group in
      for client in 0..<clients {
        let share = extent.share(of: client, among: clients)
        // More clients than there is to do.
        if share.samples == 0 { continue }
        group.addTask { try await run(client: client, share, sample) }
      }
      return try await group.reduce(into: LatencyHistogram()) { $0.add($1) }
    }
    return (latencies, ContinuousClock.now - start)
  }

  private func run(
    client: Int, _ extent: BenchExtent, _ sample: @Sendable (Int) async throws -> Duration
  ) async throws -> LatencyHistogram {
    var latencies = LatencyHistogram()
    var ordinal = client
    let start = ContinuousClock.now
    var (turned, told) = (start, start)
    while true {
      try Task.checkCancellation()
      latencies.add(try await sample(ordinal))
      ordinal += clients
      let now = ContinuousClock.now
      let fraction = extent.fraction(samples: latencies.count, after: now - start)
      if fraction >= 1 { return latencies }
      if client == 0, let onProgress, now - told > .milliseconds(100) {
        told = now
        onProgress(fraction)
      }
      if now - turned > Self.turn {
        turned = now
        await Task.yield()
      }
    }
  }
}
