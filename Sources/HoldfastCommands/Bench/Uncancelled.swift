/// Does something to its end although the task is cancelled: a write whose request is given up may be applied at any time after,
/// and a cancelled task's requests are not sent at all.
///
/// - Parameter grace: For how long after the cancellation. A store that does not answer must not keep whoever has pressed Ctrl-C.
func uncancelled<R: Sendable>(
  for grace: Duration, _ body: @escaping @Sendable () async throws -> R
) async throws -> R {
  let task = Task { try await body() }
  return try await withTaskCancellationHandler {
    try await task.value
  } onCancel: {
    Task {
      try await Task.sleep(for: grace)
      task.cancel()
    }
  }
}
