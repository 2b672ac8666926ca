import Synchronization

/// Tasks that wait until a revision has been reached.
final class RevisionWaiters: Sendable {
  private struct State {
    var reached: Revision?
    var isOpen = false
    var nextID = 0
    var waiting: [Int: (revision: Revision, continuation: CheckedContinuation<Bool, any Error>)] = [:]
  }

  private let state = Mutex(State())

  /// Begins to follow: waiting makes sense from now on.
  func open() { state.withLock { $0.isOpen = true } }

  /// Wakes those who waited for this revision or an earlier one. It may be lower than before, after a restore.
  func reached(_ revision: Revision) {
    let woken = state.withLock { state in
      state.reached = revision
      let woken = state.waiting.filter { $0.value.revision <= revision }
      for id in woken.keys { state.waiting[id] = nil }
      return woken.values.map(\.continuation)
    }
    for continuation in woken { continuation.resume(returning: true) }
  }

  /// What was reached does not count any more: who asks waits for what is reached next.
  func forget() { state.withLock { $0.reached = nil } }

  /// Wakes everybody: nothing is followed any more.
  func close() {
    let woken = state.withLock { state in
      state.isOpen = false
      state.reached = nil
      defer { state.waiting = [:] }
      return state.waiting.values.map(\.continuation)
    }
    for continuation in woken { continuation.resume(returning: false) }
  }

  /// Returns true when the revision has been reached, false when nothing is followed (any more).
  ///
  /// - Throws: `CancellationError`.
  func wait(for revision: Revision) async throws -> Bool {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let answer: Result<Bool, any Error>? = state.withLock { state in
          if !state.isOpen { return .success(false) }
          if let reached = state.reached, reached >= revision { return .success(true) }
          if Task.isCancelled { return .failure(CancellationError()) }
          state.waiting[id] = (revision, continuation)
          return nil
        }
        if let answer { continuation.resume(with: answer) }
      }
    } onCancel: {
      let waiter = state.withLock { $0.waiting.removeValue(forKey: id) }
      waiter?.continuation.resume(throwing: CancellationError())
    }
  }
}
