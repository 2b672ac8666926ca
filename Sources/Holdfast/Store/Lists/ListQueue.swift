package import HoldfastCore
import Synchronization

/// The lists that the caches of one store want: what ``ListSharing`` decides is carried out by those who ask, each in his own
/// task.
///
/// For the caches' own lists alone. A linearizable read that falls back to the store could share one soundly, but has a
/// deadline, and would wait behind others' lists; to verify a cache is to list at a revision of its own.
package final class ListQueue: Sendable {
  private enum Turn {
    case lead
    case told(RangeResponse)
  }

  private typealias Waiter = CheckedContinuation<Turn, any Error>
  private typealias Wake = (waiter: Waiter, turn: Result<Turn, any Error>)

  private struct State {
    var nextID = 0
    var sharing = ListSharing()
    var waiters: [Int: Waiter] = [:]
    var listeners: [Int: @Sendable (ListProgress) -> Void] = [:]

    /// Whom to wake, once the lock is free.
    mutating func handle(_ input: ListSharing.Input, _ result: Result<RangeResponse, any Error>? = nil) -> [Wake] {
      sharing.handle(input).flatMap { action -> [Wake] in
        switch action {
        case .lead(let id): waiters.removeValue(forKey: id).map { [($0, .success(.lead))] } ?? []
        case .tell(let ids):
          result.map { result in
            ids.compactMap { waiters.removeValue(forKey: $0) }.map { ($0, result.map(Turn.told)) }
          } ?? []
        }
      }
    }
  }

  private let state = Mutex(State())

  /// How many wait for a list, or carry one out.
  package var callers: Int { state.withLock { $0.sharing.callers } }

  /// Everything that a range holds at one revision, linearizable, from a list that is sent after this call.
  ///
  /// - Parameter onPage: Told how much has arrived, page by page, whoever carries the list out.
  /// - Throws: ``HoldfastError``, what the store answered, to all who shared the list; `CancellationError`.
  package func list(
    _ range: KeyRange, from backend: any Backend, onPage: @escaping @Sendable (ListProgress) -> Void = { _ in }
  ) async throws -> RangeResponse {
    let id = state.withLock { state in
      state.nextID += 1
      state.listeners[state.nextID] = onPage
      return state.nextID
    }
    defer { state.withLock { _ = $0.listeners.removeValue(forKey: id) } }
    switch try await turn(id, range) {
    case .told(let list): return list
    case .lead:
      do {
        let list = try await backend.list(range) { tell($0, from: id) }
        wake(state.withLock { $0.handle(.end(leader: id), .success(list)) })
        return list
      } catch {
        // That this task is not wanted any more is not the others' error.
        let input: ListSharing.Input = Task.isCancelled ? .leave(id) : .end(leader: id)
        wake(state.withLock { $0.handle(input, .failure(error)) })
        throw error
      }
    }
  }

  private func tell(_ progress: ListProgress, from leader: Int) {
    let listeners = state.withLock { state in state.sharing.callers(of: leader).compactMap { state.listeners[$0] } }
    for listener in listeners { listener(progress) }
  }

  /// Returns when there is a result, or when this one is to carry out the list.
  private func turn(_ id: Int, _ range: KeyRange) async throws -> Turn {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        wake(
          state.withLock { state in
            if Task.isCancelled { return [(continuation, .failure(CancellationError()))] }
            state.waiters[id] = continuation
            return state.handle(.ask(id, range))
          })
      }
    } onCancel: {
      wake(
        state.withLock { state in
          // Who leads does not wait any more; he leaves when the backend has let him go.
          guard let waiter = state.waiters.removeValue(forKey: id) else { return [] }
          return [(waiter, .failure(CancellationError()))] + state.handle(.leave(id))
        })
    }
  }

  private func wake(_ woken: [Wake]) {
    for (waiter, turn) in woken { waiter.resume(with: turn) }
  }
}
