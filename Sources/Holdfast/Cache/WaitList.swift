import HoldfastCore
import Synchronization

/// Tasks that wait, each until somebody wakes it, it is cancelled, or its time is over. What they wait for lies under the same lock.
///
/// One timer serves all deadlines: one for each, and tasks to race it, cost more than most of them wait.
final class WaitList<Content: Sendable, Value: Sendable>: Sendable {
  typealias ID = Int
  private typealias Waiter = CheckedContinuation<Value?, any Error>

  private struct State {
    var content: Content
    var nextID = 0
    var waiting: [ID: Waiter] = [:]
    var deadlines: [ID: Duration] = [:]
    var alarm: (at: Duration, task: Task<Void, Never>)?

    mutating func remove(_ id: ID) -> Waiter? {
      deadlines[id] = nil
      return waiting.removeValue(forKey: id)
    }
  }

  private let state: Mutex<State>
  private let time: TimeSource
  /// Forgets one who does not wait any more, and was not woken.
  private let forget: @Sendable (inout Content, ID) -> Void

  init(_ content: Content, _ time: TimeSource, forget: @escaping @Sendable (inout Content, ID) -> Void) {
    state = Mutex(State(content: content))
    self.time = time
    self.forget = forget
  }

  func withContent<R: Sendable>(_ body: (inout Content) -> R) -> R { state.withLock { body(&$0.content) } }

  /// Wakes those whom the closure names.
  func wake(with result: Result<Value, any Error>, _ whom: (inout Content) -> some Sequence<ID>) {
    let woken = state.withLock { state in whom(&state.content).compactMap { state.remove($0) } }
    for waiter in woken { waiter.resume(with: result.map { $0 }) }
  }

  /// Wakes everybody.
  func wakeAll(with result: Result<Value, any Error>, _ update: (inout Content) -> Void) {
    let woken = state.withLock { state in
      update(&state.content)
      state.alarm?.task.cancel()
      (state.alarm, state.deadlines) = (nil, [:])
      defer { state.waiting = [:] }
      return state.waiting.values
    }
    for waiter in woken { waiter.resume(with: result.map { $0 }) }
  }

  /// Returns what this one is woken with, or nil when its time is over.
  ///
  /// - Parameter enter: Looks whether there is anything to wait for. Under the lock, as `whom` of those who wake.
  /// - Throws: What this one is woken with; `CancellationError`.
  func wait(
    until deadline: Duration? = nil, _ enter: (inout Content, ID) -> Result<Value, any Error>?
  ) async throws -> Value? {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let answer: Result<Value, any Error>? = state.withLock { state in
          if let answer = enter(&state.content, id) { return answer }
          if Task.isCancelled {
            forget(&state.content, id)
            return .failure(CancellationError())
          }
          state.waiting[id] = continuation
          if let deadline {
            state.deadlines[id] = deadline
            setAlarm(&state, deadline)
          }
          return nil
        }
        if let answer { continuation.resume(with: answer.map { $0 }) }
      }
    } onCancel: {
      leave(id)
    }
  }

  private func leave(_ id: ID) {
    let waiter = state.withLock { state in
      let waiter = state.remove(id)
      if waiter != nil { forget(&state.content, id) }
      return waiter
    }
    waiter?.resume(throwing: CancellationError())
  }

  private func setAlarm(_ state: inout State, _ deadline: Duration) {
    if let alarm = state.alarm {
      if alarm.at <= deadline { return }
      alarm.task.cancel()
    }
    // Of nobody's priority and with nobody's task-local values: it serves all.
    let task = Task.detached { [weak self, time] in
      do { try await time.sleep(deadline) } catch { return }
      self?.ring()
    }
    state.alarm = (deadline, task)
  }

  /// Lets those go whose time is over.
  private func ring() {
    let late = state.withLock { state in
      let now = time.now()
      let ids = state.deadlines.filter { $0.value <= now }.keys
      let late = ids.compactMap { state.remove($0) }
      for id in ids { forget(&state.content, id) }
      // It may be another than the one that rang.
      state.alarm?.task.cancel()
      state.alarm = nil
      if let next = state.deadlines.values.min() { setAlarm(&state, next) }
      return late
    }
    for waiter in late { waiter.resume(returning: nil) }
  }
}
