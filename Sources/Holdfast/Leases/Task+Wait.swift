import Synchronization

extension Task where Failure == any Error {
  /// The task's value, which others may wait for too. Whoever waits and is cancelled gets `CancellationError` at once, and the
  /// task goes on.
  func wait() async throws -> Success {
    let slot = WaitSlot<Success>()
    Task<Void, Never> { slot.fill(await self.result) }
    return try await withTaskCancellationHandler {
      try await slot.wait()
    } onCancel: {
      slot.cancel()
    }
  }
}

/// Takes one result, for one who waits; others come too late.
private final class WaitSlot<Value: Sendable>: Sendable {
  private struct State {
    var result: Result<Value, any Error>?
    var waiter: CheckedContinuation<Value, any Error>?
  }

  private let state = Mutex(State())

  func fill(_ result: Result<Value, any Error>) {
    let waiter: CheckedContinuation<Value, any Error>? = state.withLock { state in
      guard state.result == nil else { return nil }
      state.result = result
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume(with: result)
  }

  func cancel() { fill(.failure(CancellationError())) }

  func wait() async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let result = state.withLock { state in
        if state.result == nil { state.waiter = continuation }
        return state.result
      }
      if let result { continuation.resume(with: result) }
    }
  }
}
