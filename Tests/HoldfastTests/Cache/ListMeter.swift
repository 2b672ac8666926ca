import Holdfast
import Synchronization

/// Counts the lists that are asked for, and holds them up while it is shut.
final class ListMeter: Sendable {
  private struct State {
    var isShut: Bool
    var error: HoldfastError?
    var lists: [KeyRange: Int] = [:]
    var inFlight: [KeyRange: Int] = [:]
    var mostInFlight = 0
    var mostOfOneRange = 0
  }

  private let state: Mutex<State>

  init(isShut: Bool = true) { state = Mutex(State(isShut: isShut)) }

  /// Lets everybody through from now on, or fails them.
  func open(error: HoldfastError? = nil) {
    state.withLock {
      $0.isShut = false
      $0.error = error
    }
  }

  func shut() { state.withLock { $0.isShut = true } }

  func lists(_ range: KeyRange) -> Int { state.withLock { $0.lists[range, default: 0] } }
  var total: Int { state.withLock { $0.lists.values.reduce(0, +) } }
  var inFlight: Int { state.withLock { $0.inFlight.values.reduce(0, +) } }
  /// The most that were on their way at once.
  var mostInFlight: Int { state.withLock { $0.mostInFlight } }
  var mostOfOneRange: Int { state.withLock { $0.mostOfOneRange } }

  /// Probes and anchors ask for a number, or for as few keys as are held; a list begins with a page of a thousand.
  private func isList(_ request: RangeRequest) -> Bool { !request.countOnly && request.limit >= 1_000 }

  func begin(_ request: RangeRequest) async throws(HoldfastError) {
    guard isList(request) else { return }
    state.withLock { state in
      state.lists[request.range, default: 0] += 1
      state.inFlight[request.range, default: 0] += 1
      state.mostInFlight = max(state.mostInFlight, state.inFlight.values.reduce(0, +))
      state.mostOfOneRange = max(state.mostOfOneRange, state.inFlight[request.range, default: 0])
    }
    do {
      try await eventually { self.state.withLock { !$0.isShut } }
    } catch {
      end(request)
      throw HoldfastError(wrapping: error)
    }
    if let error = state.withLock({ $0.error }) {
      end(request)
      throw error
    }
  }

  func end(_ request: RangeRequest) {
    guard isList(request) else { return }
    state.withLock { $0.inFlight[request.range, default: 1] -= 1 }
  }
}
