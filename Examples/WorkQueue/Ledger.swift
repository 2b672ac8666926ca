import Synchronization

/// Numbers jobs until there are enough or the time is over, and remembers which creations were acknowledged.
final class Ledger: Sendable {
  private struct State {
    var next = 1
    var isClosed = false
    var acknowledged: Set<String> = []
  }

  private let state = Mutex(State())
  private let limit: Int?

  init(limit: Int?) { self.limit = limit }

  func next() -> Int? {
    state.withLock { state in
      if state.isClosed || limit.map({ state.next > $0 }) ?? false { return nil }
      defer { state.next += 1 }
      return state.next
    }
  }

  func close() { state.withLock { $0.isClosed = true } }
  func acknowledge(_ id: String) { state.withLock { _ = $0.acknowledged.insert(id) } }
  var acknowledged: Set<String> { state.withLock { $0.acknowledged } }
}
