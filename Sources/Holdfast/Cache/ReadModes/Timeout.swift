/// What the body returns, or nil when it took longer than that: then it is cancelled.
func withTimeout<R: Sendable>(
  _ limit: Duration, _ time: TimeSource, _ body: @escaping @Sendable () async throws -> R
) async throws -> R? {
  try await withThrowingTaskGroup(of: R?.self) { group in
    group.addTask { try await body() }
    group.addTask {
      try await time.sleep(time.now() + limit)
      return nil
    }
    defer { group.cancelAll() }
    return try await group.next() ?? nil
  }
}
