import HoldfastEtcdMachines
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
    var identity = Identity.unknown
  }

  /// What is known of the member at the other end.
  private enum Identity { case unknown, asking, known(MemberIdentity?) }

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

  // MARK: The member at the other end

  /// Which member answers here, asked by the first who wants to know. Nil while another one asks, and ever after when it
  /// could not be learned. The question must heed cancellation: whoever is cancelled leaves it to the next.
  func identity(asking: () async -> MemberIdentity?) async -> MemberIdentity? {
    let known = state.withLock { state in
      defer { if case .unknown = state.identity { state.identity = .asking } }
      return state.identity
    }
    switch known {
    case .known(let identity): return identity
    case .asking: return nil
    case .unknown: break
    }
    let identity = await asking()
    state.withLock { $0.identity = identity == nil && Task.isCancelled ? .unknown : .known(identity) }
    return identity
  }
}
