public import HoldfastCore

/// Makes an engine, runs it while `body` runs, and returns what `body` returns. The engine's contents end with it.
public func withEmbedded<Result>(
  clock: some Clock<Duration> = ContinuousClock(), limits: BackendLimits = BackendLimits(),
  _ body: (EmbeddedEngine) async throws -> Result
) async rethrows -> Result {
  let engine = EmbeddedEngine(clock: clock, limits: limits)
  return try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { await engine.run() }
    defer { group.cancelAll() }
    return try await body(engine)
  }
}

extension BackendConfiguration {
  /// A store in this process's memory, made for one store and gone with it.
  public static var embedded: BackendConfiguration { .making { EmbeddedEngine() } }
}
