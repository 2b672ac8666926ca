internal import HoldfastCore
internal import Synchronization

/// A task that waits for the store to change.
struct Waiter {
  enum Reason {
    /// Something new for the watch of the same id.
    case watch
    /// A lease that expires before this time; nil: any lease.
    case leaseBefore(Duration?)
  }

  var reason: Reason
  var continuation: CheckedContinuation<Void, Never>
}

extension EmbeddedEngine.State {
  func hasNews(_ id: Int, _ reason: Waiter.Reason) -> Bool {
    switch reason {
    case .watch: return watches[id].map(store.hasNews) ?? true
    case .leaseBefore(let deadline):
      guard let next = store.nextLeaseDeadline else { return false }
      return deadline.map { next < $0 } ?? true
    }
  }

  /// Takes out those who have something to do; the caller resumes them without the lock.
  mutating func takeWaitersWithNews() -> [Waiter] {
    var taken: [Waiter] = []
    for (id, waiter) in waiting where hasNews(id, waiter.reason) {
      taken.append(waiter)
      waiting[id] = nil
    }
    return taken
  }
}

extension EmbeddedEngine {
  /// A number for a watch or a timer.
  func makeID() -> Int {
    state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
  }

  /// Waits until there is something to do, or the task is cancelled.
  ///
  /// The continuation is resumed exactly once, by whoever takes it out of `waiting`. No wake-up is lost: looking and entering
  /// happen under one lock, and a cancellation is either seen there or finds the continuation afterwards.
  func wait(_ id: Int, for reason: Waiter.Reason) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let hasEntered = state.withLock { state in
          if Task.isCancelled || state.hasNews(id, reason) { return false }
          state.waiting[id] = Waiter(reason: reason, continuation: continuation)
          return true
        }
        if !hasEntered { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { $0.waiting.removeValue(forKey: id) }
      waiter?.continuation.resume()
    }
  }
}
