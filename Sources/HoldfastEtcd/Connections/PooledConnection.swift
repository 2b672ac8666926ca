import Synchronization

/// A connection and how many calls and streams are using it. A retired one takes no new ones; it is closed when the last
/// has left, so that one call that took too long does not fail its neighbours.
final class PooledConnection: Sendable {
  let connection: any RPCConnection
  let endpoint: Int
  private let state = Mutex(State())

  private struct State {
    var users = 0
    var isRetired = false
  }

  init(_ connection: any RPCConnection, endpoint: Int) {
    self.connection = connection
    self.endpoint = endpoint
  }

  /// False when the connection takes no new users.
  func enter() -> Bool {
    guard connection.isUsable else { return false }
    return state.withLock { state in
      guard !state.isRetired else { return false }
      state.users += 1
      return true
    }
  }

  func leave() { state.withLock { $0.users -= 1 } }

  func retire() { state.withLock { $0.isRetired = true } }

  /// Whether it is retired and nobody uses it.
  var isDone: Bool { state.withLock { $0.isRetired && $0.users == 0 } }
}
