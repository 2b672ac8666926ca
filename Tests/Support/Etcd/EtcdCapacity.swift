internal import Synchronization

/// How many servers run at once, over all tests of the process: more would only make each other time out.
final class EtcdCapacity: Sendable {
  static let shared = EtcdCapacity(3)

  private struct State {
    var free: Int
    /// First come, first served, so that a cluster is not starved by single servers.
    var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let capacity: Int
  private let state: Mutex<State>

  init(_ capacity: Int) {
    self.capacity = capacity
    state = Mutex(State(free: capacity))
  }

  /// Runs the body when there is room for so many servers. A cancelled task waits for its turn all the same.
  func with<R>(_ count: Int, _ body: () async throws -> R) async rethrows -> R {
    // What is larger than all the room gets all of it.
    let count = min(count, capacity)
    await take(count)
    defer { giveBack(count) }
    return try await body()
  }

  private func take(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isReady = state.withLock { state in
        guard state.waiting.isEmpty, state.free >= count else {
          state.waiting.append((count, continuation))
          return false
        }
        state.free -= count
        return true
      }
      if isReady { continuation.resume() }
    }
  }

  private func giveBack(_ count: Int) {
    let ready = state.withLock { state in
      state.free += count
      var ready: [CheckedContinuation<Void, Never>] = []
      while let next = state.waiting.first, next.count <= state.free {
        state.free -= next.count
        ready.append(state.waiting.removeFirst().continuation)
      }
      return ready
    }
    for continuation in ready { continuation.resume() }
  }
}
