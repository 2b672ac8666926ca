import HoldfastCore
import HoldfastEtcdMachines

/// Calls that one member must answer.
extension EtcdCaller {
  /// The answer's bytes. It is tried once: who asks one member wants to know what that one says. Only a connection that had
  /// ended before it was used is replaced, and a token that had expired.
  func call(
    _ method: EtcdMethod, _ request: [UInt8], _ kind: RetryMachine.Kind, timeout: Duration, at member: Int
  ) async throws(HoldfastError) -> [UInt8] {
    let deadline = time.now() + timeout
    var isLast = false
    while true {
      switch await attempt(method, request, member, within: deadline - time.now(), requiresLeader: false) {
      case .answer(let answer): return answer
      case .stopped: throw stopped(kind)
      case .failure(let failure, let connection, let token):
        if let connection, failure.progress != .answered { await pool.retire(connection) }
        let isTokenOld = token != nil && failure.wantsToken
        if isTokenOld { reject(token) }
        let isUnused = connection != nil && failure.progress == .notProcessed && failure.code != .cancelled
        if !isLast && (isTokenOld || isUnused && !failure.isTLSFailure) {
          isLast = true
        } else {
          throw error(failure, kind)
        }
      }
    }
  }

  /// Opens a stream to one member and sends a message on it.
  func open(
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
    let stream: any RPCStream
    do {
      stream = try await open(method, on: connection, within: min(limit, connectLimit))
    } catch {
      pool.release(connection)
      await pool.retire(connection)
      throw self.error(error, .read)
    }
    // It gives the connection back from here on.
    let opened = MemberStream(stream, connection, pool)
    do {
      try await stream.send(request)
    } catch {
      await pool.retire(connection)
      throw self.error(CallFailure(error, isCancelled: Task.isCancelled), .read)
    }
    return opened
  }

  private func open(
    _ method: EtcdMethod, on connection: PooledConnection, within limit: Duration
  ) async throws(CallFailure) -> any RPCStream {
    var call = RPCCall(path: method.rawValue)
    call.token = try await token(on: connection, maximumAge: Authenticator.maximumAgeForStreams, within: limit)?.secret
    do {
      return try await connection.connection.open(call)
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
  private let stream: any RPCStream
  private let connection: PooledConnection
  private let pool: ConnectionPool

  init(_ stream: any RPCStream, _ connection: PooledConnection, _ pool: ConnectionPool) {
    self.stream = stream
    self.connection = connection
    self.pool = pool
  }

  deinit {
    stream.cancel()
    pool.release(connection)
  }

  /// The next message, nil at the end.
  func next(within limit: Duration) async throws(HoldfastError) -> [UInt8]? {
    do {
      return try await stream.next(timeout: limit)
    } catch {
      throw CallFailure(error, isCancelled: Task.isCancelled).error
    }
  }
}
