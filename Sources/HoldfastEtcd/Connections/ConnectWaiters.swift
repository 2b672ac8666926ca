import HoldfastEtcdMachines
import Synchronization

/// The callers that wait for a connection that another one is making.
final class ConnectWaiters: Sendable {
  enum Signal: Sendable {
    /// Look again: there is a connection, or nobody is making one any more.
    case look
    case failed(CallFailure)
  }

  private enum State {
    case waiting([UInt64: CheckedContinuation<Signal, Never>])
    case finished(Signal)
  }

  private let state = Mutex(State.waiting([:]))

  /// Returns when connecting has ended or the task was cancelled.
  func wait(_ id: UInt64) async -> Signal {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let signal = state.withLock { state -> Signal? in
          // The cancellation handler runs before this or finds the continuation.
          if Task.isCancelled { return .look }
          switch state {
          case .finished(let signal): return signal
          case .waiting(var waiting):
            waiting[id] = continuation
            state = .waiting(waiting)
            return nil
          }
        }
        if let signal { continuation.resume(returning: signal) }
      }
    } onCancel: {
      take(id)?.resume(returning: .look)
    }
  }

  func resumeAll(_ signal: Signal) {
    let waiting = state.withLock { state -> [UInt64: CheckedContinuation<Signal, Never>] in
      guard case .waiting(let waiting) = state else { return [:] }
      state = .finished(signal)
      return waiting
    }
    for continuation in waiting.values { continuation.resume(returning: signal) }
  }

  private func take(_ id: UInt64) -> CheckedContinuation<Signal, Never>? {
    state.withLock { state in
      guard case .waiting(var waiting) = state else { return nil }
      let continuation = waiting.removeValue(forKey: id)
      state = .waiting(waiting)
      return continuation
    }
  }
}
