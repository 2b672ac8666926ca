import HoldfastCore
import HoldfastEtcdMachines
import Synchronization

/// Calls that one member must answer.
extension EtcdCaller {
  /// The answer's bytes. It is tried once: who asks one member wants to know what that one says. Only a connection that had
  /// ended before it was used is replaced, and a token that had expired.
  func call(
    _ method: EtcdMethod, _ request: [UInt8], _ kind: RetryMachine.Kind, timeout: Duration, at member: Int
  ) async throws(HoldfastError) -> [UInt8] {
    let deadline = time.now() + timeout
    var (replacesConnection, replacesToken) = (true, true)
    while true {
      switch await attempt(method, request, kind, member, within: deadline - time.now(), requiresLeader: false) {
      case .answer(let answer): return answer
      case .stopped: throw stopped(kind)
      case .failure(let failure, let connection, let token):
        if let connection, failure.progress != .answered, failure.blamesMember { pool.retire(connection) }
        let isTokenOld = token != nil && failure.wantsToken
        if isTokenOld { reject(token) }
        let isUnused = connection != nil && failure.progress == .notProcessed && failure.code != .cancelled
        if isTokenOld && replacesToken {
          replacesToken = false
        } else if isUnused && !failure.isTLSFailure && replacesConnection {
          replacesConnection = false
        } else {
          throw error(failure, kind)
        }
      }
    }
  }

  /// Opens a stream to one member, sends a message on it and waits for what comes first. A token that the member does not know any
  /// more is replaced once: nothing has come of it yet.
  ///
  /// - Parameter limit: For connecting, and for the first message.
  func open(
    _ method: EtcdMethod, _ request: [UInt8], within limit: Duration, at member: Int
  ) async throws(HoldfastError) -> MemberStream {
    var replacesToken = true
    while true {
      let stream = try await send(method, request, within: limit, at: member)
      do {
        try await stream.begin(within: limit)
        return stream
      } catch {
        let isTokenOld = stream.token != nil && error.wantsToken
        if isTokenOld { reject(stream.token) }
        guard isTokenOld && replacesToken else { throw error.error.naming(user: user) }
        replacesToken = false
      }
    }
  }

  private func send(
    _ method: EtcdMethod, _ request: [UInt8], within limit: Duration, at member: Int
  ) async throws(HoldfastError) -> MemberStream {
    let connection: PooledConnection
    do {
      connection = try await pool.acquire(member, within: min(limit, connectLimit))
    } catch {
      switch error {
      case .stopped: throw stopped(.read)
      case .failed(let failure): throw self.error(failure, .read)
      }
    }
    let stream: MemberStream
    do {
      // It gives the connection back from here on.
      stream = try await open(method, on: connection, within: min(limit, connectLimit))
    } catch {
      pool.release(connection)
      if error.blamesMember { pool.retire(connection) }
      throw self.error(error, .read)
    }
    do {
      try await stream.send(request)
    } catch {
      if error.blamesMember { pool.retire(connection) }
      throw self.error(error, .read)
    }
    return stream
  }

  private func open(
    _ method: EtcdMethod, on connection: PooledConnection, within limit: Duration
  ) async throws(CallFailure) -> MemberStream {
    var call = RPCCall(path: method.rawValue)
    let token = try await token(on: connection, maximumAge: Authenticator.maximumAgeForStreams, within: limit)
    call.token = token?.secret
    do {
      return MemberStream(try await connection.connection.open(call), connection, pool, token)
    } catch {
      throw CallFailure(error, isCancelled: Task.isCancelled)
    }
  }

  private func stopped(_ kind: RetryMachine.Kind) -> HoldfastError {
    HoldfastError(.stopped, "the etcd backend has stopped", outcome: kind == .read ? nil : .refused)
  }

  private func error(_ failure: CallFailure, _ kind: RetryMachine.Kind) -> HoldfastError {
    var error = failure.error
    if kind != .read { error.outcome = WriteOutcome.of(failure) }
    return error
  }
}

/// A stream to one member; its end gives the connection back.
final class MemberStream: Sendable {
  /// What the stream was opened with.
  let token: AuthenticationToken?
  private let stream: any RPCStream
  private let connection: PooledConnection
  private let pool: ConnectionPool
  private let first = Mutex(First.taken)

  /// The first message, or the stream's end, until somebody takes it.
  private enum First { case taken, waiting([UInt8]?) }

  init(
    _ stream: any RPCStream, _ connection: PooledConnection, _ pool: ConnectionPool, _ token: AuthenticationToken?
  ) {
    self.token = token
    self.stream = stream
    self.connection = connection
    self.pool = pool
  }

  deinit {
    stream.cancel()
    pool.release(connection)
  }

  func send(_ request: [UInt8]) async throws(CallFailure) {
    do {
      try await stream.send(request)
    } catch {
      throw CallFailure(error, isCancelled: Task.isCancelled)
    }
  }

  /// Waits for the first message, which `next` then returns.
  func begin(within limit: Duration) async throws(CallFailure) {
    do {
      let message = try await stream.next(timeout: limit)
      first.withLock { $0 = .waiting(message) }
    } catch {
      throw CallFailure(error, isCancelled: Task.isCancelled)
    }
  }

  /// The next message, nil at the end.
  func next(within limit: Duration) async throws(HoldfastError) -> [UInt8]? {
    let first = first.withLock { first in
      defer { first = .taken }
      return first
    }
    if case .waiting(let message) = first { return message }
    do {
      return try await stream.next(timeout: limit)
    } catch {
      throw CallFailure(error, isCancelled: Task.isCancelled).error
    }
  }
}
