public import Logging

/// Opens a store, runs what it needs in the background, and ends it when the body returns or throws.
///
/// - Parameters:
///   - configuration: Which store: `.etcd(endpoints:)`, `.embedded`, or `.backend(_:)` for one that somebody else runs.
///   - logger: Where to log, at info and below; never a value.
///   - resolution: How long to find out what became of a write whose answer was lost.
/// - Throws: What the body throws; ``HoldfastError`` with `invalidArgument` when the configuration makes no sense. That the
///   store cannot be reached is no error here: operations say so.
@discardableResult
public func withStore<R: Sendable>(
  _ configuration: BackendConfiguration, logger: Logger = Logger(label: "holdfast"),
  resolution: ResolutionConfiguration = ResolutionConfiguration(), _ body: (Store) async throws -> R
) async throws -> R {
  let backend = try configuration.make()
  let store = Store(backend: backend, logger: logger, resolution: resolution)
  guard configuration.isOwned else { return try await body(store) }
  return try await withBackground({ await backend.run() }) { try await body(store) }
}

/// Runs `background` beside `body` and cancels it when the body is done; returns when both have ended.
///
/// It is no child of the caller: when the caller is cancelled the body still needs it for its last steps, such as releasing a lock.
func withBackground<R: Sendable>(
  _ background: @escaping @Sendable () async -> Void, _ body: () async throws -> R
) async throws -> R {
  let task = Task { await background() }
  let ended: Result<R, any Error>
  do { ended = .success(try await body()) } catch { ended = .failure(error) }
  task.cancel()
  await task.value
  return try ended.get()
}
