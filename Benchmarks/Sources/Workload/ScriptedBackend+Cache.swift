public import Holdfast

extension CacheConfiguration {
  /// For measurements: time to load a million keys, and nothing that happens by itself now and then.
  public static var measured: CacheConfiguration {
    var configuration = CacheConfiguration()
    configuration.startTimeout = .seconds(300)
    configuration.probeInterval = .seconds(3_600)
    configuration.staleAfter = .seconds(7_200)
    configuration.verification = .never
    return configuration
  }
}

/// A loaded cache of what the store holds, whose watch reports what the script says; nothing, without one.
public func withScriptedCache<Value, R: Sendable>(
  of keyspace: Keyspace<Value>, holding keyValues: [KeyValue], decoding: CacheConfiguration.Decoding = .eager,
  script: @escaping ScriptedBackend.Script = waitForever, _ body: (Cache<Value>) async throws -> R
) async throws -> R {
  try await withStore(.backend(ScriptedBackend(keyValues, script: script))) { store in
    var configuration = CacheConfiguration.measured
    configuration.decoding = decoding
    return try await store.withCache(of: keyspace, configuration: configuration) { try await body($0) }
  }
}

/// Nil when the task is cancelled, and not before.
public func waitForever() async -> WatchUpdate? {
  let (forever, continuation) = AsyncStream<Never>.makeStream()
  for await _ in forever {}
  continuation.finish()
  return nil
}
