internal import Synchronization

/// Lets tasks pass while it is open and keeps them waiting while it is shut.
final class Valve: Sendable {
  private struct State {
    var isShut = false
    var waiting: [Int: CheckedContinuation<Void, any Error>] = [:]
    var nextID = 0
  }

  private let state = Mutex(State())

  func shut() {
    state.withLock { $0.isShut = true }
  }

  func open() {
    let waiting = state.withLock { state in
      defer { state.waiting = [:] }
      state.isShut = false
      return state.waiting.values
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Returns when the valve is open. Throws when the task is cancelled before.
  func pass() async throws {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let answer: Result<Void, any Error>? = state.withLock { state in
          // Looked at under the lock: a later cancellation finds the continuation registered.
          if Task.isCancelled { return .failure(CancellationError()) }
          guard state.isShut else { return .success(()) }
          state.waiting[id] = continuation
          return nil
        }
        if let answer { continuation.resume(with: answer) }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: id) }?.resume(throwing: CancellationError())
    }
  }
}
