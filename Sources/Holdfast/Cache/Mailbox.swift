import Synchronization

/// Holds the newest thing for one receiver; what was not taken in time is replaced.
final class Mailbox<Element: Sendable>: Sendable {
  private struct State {
    var element: Element?
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  func put(_ element: Element) {
    let waiter = state.withLock { state in
      state.element = element
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }

  func clear() { state.withLock { $0.element = nil } }

  func take() -> Element? {
    state.withLock { state in
      defer { state.element = nil }
      return state.element
    }
  }

  /// Returns when there is something to take, or the task is cancelled. One task at a time may wait.
  func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let resumeNow = state.withLock { state in
          if state.element != nil || Task.isCancelled { return true }
          state.waiter = continuation
          return false
        }
        if resumeNow { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        defer { state.waiter = nil }
        return state.waiter
      }
      waiter?.resume()
    }
  }
}
