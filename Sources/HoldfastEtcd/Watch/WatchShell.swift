import HoldfastCore
import HoldfastEtcdMachines
import Logging
import Synchronization

/// What all watches share: connections of their own, apart from the calls' (a list of many megabytes does not delay
/// events), and the member that serves them.
final class WatchShell: Sendable {
  let time: TimeSource
  private let pool: ConnectionPool
  private let endpoints: Mutex<EndpointMachine>
  private let authenticator: Authenticator?
  /// The most time that connecting may take.
  private let connectLimit: Duration
  private let logger: Logger

  init(
    pool: ConnectionPool, endpoints count: Int, connectLimit: Duration, authenticator: Authenticator?, time: TimeSource,
    logger: Logger
  ) {
    self.authenticator = authenticator
    self.pool = pool
    self.connectLimit = connectLimit
    self.time = time
    self.logger = logger
    endpoints = Mutex(EndpointMachine(count: count))
  }

  /// Who watches, where somebody authenticates.
  var user: String? { authenticator?.user }

  func open() async throws(ConnectionPool.Failure) -> WatchStream {
    let turn = endpoints.withLock { $0.current }
    let connection: PooledConnection
    do {
      connection = try await pool.acquire(turn.endpoint, within: connectLimit)
    } catch {
      if case .failed(let failure) = error, failure.blamesMember { moveOn(from: turn) }
      throw error
    }
    do throws(CallFailure) {
      return try await open(on: connection, turn)
    } catch {
      pool.release(connection)
      if error.blamesMember {
        pool.retire(connection)
        moveOn(from: turn)
      }
      throw .failed(error)
    }
  }

  private func open(
    on connection: PooledConnection, _ turn: EndpointMachine.Turn
  ) async throws(CallFailure) -> WatchStream {
    let token = try await authenticator?.token(
      on: connection.connection, maximumAge: Authenticator.maximumAgeForStreams, within: connectLimit)
    var call = RPCCall(path: EtcdMethod.watch.rawValue, metadata: EtcdMethod.requireLeader)
    call.token = token?.secret
    do {
      return WatchStream(try await connection.connection.open(call), turn, connection, pool, token)
    } catch {
      throw CallFailure(error, isCancelled: Task.isCancelled)
    }
  }

  /// The stream's token is not to be used again.
  func renewToken(of stream: WatchStream) {
    if let token = stream.token { authenticator?.reject(token) }
  }

  var endpointCount: Int { endpoints.withLock { $0.count } }
  var authenticates: Bool { authenticator != nil }

  func keep(_ stream: WatchStream) {
    endpoints.withLock { _ = $0.handle(.succeeded(stream.turn)) }
  }

  /// Ends the stream, and leaves its member and connection to those that they still serve. Without a stream nothing was
  /// reached, and `open` has moved on already where it must.
  func leave(_ stream: WatchStream?) {
    guard let stream else { return }
    stream.stream.cancel()
    pool.retire(stream.connection)
    moveOn(from: stream.turn)
  }

  /// Watches that are opened from now on go to these endpoints. Those that stand are left alone.
  func use(_ list: [Int]) {
    endpoints.withLock { _ = $0.handle(.replaced(list)) }
    pool.retire(except: Set(list))
  }

  func jitter() -> Double { .random(in: 0.75...1.25) }

  func logInterruption(_ error: HoldfastError, of range: KeyRange) {
    logger.info("etcd watch interrupted", metadata: ["range": "\(range)", "error": "\(error)"])
  }

  private func moveOn(from turn: EndpointMachine.Turn) {
    // Each watch has a back-off of its own: here it counts only who is next.
    endpoints.withLock { _ = $0.handle(.failed(turn, jitter: 1)) }
  }
}
