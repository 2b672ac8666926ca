import HoldfastCore
import HoldfastEtcdMachines
import Logging
import Synchronization

/// Calls of one exchange each: a request, an answer, and in between as many attempts as the retry machine allows.
final class EtcdCaller: Sendable {
  let pool: ConnectionPool
  private let endpoints: Mutex<EndpointMachine>
  private let list: EndpointList
  /// The most time that connecting may take, and the most bytes of a request.
  let connectLimit: Duration
  let requestLimit: Int
  private let authenticator: Authenticator?
  let time: TimeSource
  private let logger: Logger

  init(
    pool: ConnectionPool, list: EndpointList, connectLimit: Duration, requestLimit: Int, authenticator: Authenticator?,
    time: TimeSource, logger: Logger
  ) {
    self.pool = pool
    self.list = list
    self.connectLimit = connectLimit
    self.requestLimit = requestLimit
    self.authenticator = authenticator
    endpoints = Mutex(EndpointMachine(count: list.inUse.count))
    self.time = time
    self.logger = logger
  }

  /// Who calls, where somebody authenticates.
  var user: String? { authenticator?.user }

  enum Attempt {
    case answer([UInt8])
    case failure(CallFailure, PooledConnection?, AuthenticationToken? = nil)
    case stopped
  }

  /// The answer's bytes. The error carries the outcome if the call is a write.
  ///
  /// - Parameter requiresLeader: False for what a member answers by itself.
  func call(
    _ method: EtcdMethod, _ request: [UInt8], _ kind: RetryMachine.Kind, timeout: Duration, requiresLeader: Bool
  ) async throws(HoldfastError) -> [UInt8] {
    var (turn, count) = endpoints.withLock { ($0.current, $0.count) }
    var machine = RetryMachine(kind, timeout: timeout, endpoints: count, renewsToken: authenticator != nil)
    var failed: PooledConnection?
    var token: AuthenticationToken?
    var actions = machine.handle(.start(now: time.now()))
    while !actions.isEmpty {
      switch actions.removeFirst() {
      case .attempt(let limit):
        turn = endpoints.withLock { $0.current }
        switch await attempt(
          method, request, kind, turn.endpoint, within: limit, requiresLeader: requiresLeader)
        {
        case .answer(let answer):
          keep(turn)
          return answer
        case .failure(let failure, let connection, let used):
          failed = connection
          token = used
          actions += machine.handle(.failed(failure, now: time.now()))
        case .stopped:
          throw HoldfastError(.stopped, "the etcd backend has stopped", outcome: machine.outcome)
        }
      case .renewToken: reject(token)
      case .keepEndpoint: keep(turn)
      case .leaveEndpoint(let resumes):
        if let connection = failed { pool.retire(connection) }
        let next = leave(turn, method)
        if resumes { actions += machine.handle(.mayResume(after: next, now: time.now())) }
      case .wait(let duration):
        do {
          try await time.sleep(time.now() + duration)
          actions += machine.handle(.waited(now: time.now()))
        } catch {
          actions += machine.handle(.cancelled)
        }
      case .fail(let error): throw error
      }
    }
    // The machine ends with `fail` whatever comes; should it not, the caller learns no less.
    throw HoldfastError(.internal, "the call to \(method) came to no end", outcome: machine.outcome)
  }

  func attempt(
    _ method: EtcdMethod, _ request: [UInt8], _ kind: RetryMachine.Kind, _ endpoint: Int, within limit: Duration,
    requiresLeader: Bool
  ) async -> Attempt {
    let deadline = time.now() + limit
    let connection: PooledConnection
    do {
      connection = try await pool.acquire(endpoint, within: min(limit, connectLimit))
    } catch {
      switch error {
      case .stopped: return .stopped
      case .failed(let failure): return .failure(failure, nil)
      }
    }
    defer { pool.release(connection) }
    var token: AuthenticationToken?
    do {
      if method.needsToken {
        token = try await self.token(
          on: connection, maximumAge: method.isStream ? Authenticator.maximumAgeForStreams : nil,
          within: deadline - time.now())
      }
    } catch {
      return .failure(error, connection)
    }
    var call = RPCCall(
      path: method.rawValue, metadata: requiresLeader ? EtcdMethod.requireLeader : [],
      timeout: deadline - time.now())
    call.token = token?.secret
    // etcd 3.5.0 to 3.5.4 crash when somebody gives up a transaction of reads which they are carrying out (14110).
    call.runsToItsEnd = method == .transact && kind == .read
    do {
      return .answer(
        method.isStream
          ? try await exchange(call, request, connection) : try await connection.connection.unary(call, request))
    } catch {
      var failure = CallFailure(error, isCancelled: Task.isCancelled)
      failure.mayBeForwarded = method.isForwarded
      if failure.status == .deadlineExceeded, failure.progress != .answered {
        failure.message = "\(list.name(endpoint)) did not answer in time"
      }
      return .failure(failure, connection, token)
    }
  }

  /// Nil where there are no credentials.
  func token(
    on connection: PooledConnection, maximumAge: Duration?, within limit: Duration
  ) async throws(CallFailure) -> AuthenticationToken? {
    try await authenticator?.token(on: connection.connection, maximumAge: maximumAge, within: limit)
  }

  /// The token is not to be used again.
  func reject(_ token: AuthenticationToken?) {
    if let token { authenticator?.reject(token) }
  }

  /// One question and one answer on a stream of their own.
  private func exchange(
    _ call: RPCCall, _ request: [UInt8], _ connection: PooledConnection
  ) async throws(RPCError) -> [UInt8] {
    let stream = try await connection.connection.open(call)
    defer { stream.cancel() }
    try await stream.send(request)
    guard let answer = try await stream.next(timeout: call.timeout) else {
      throw RPCError(.unavailable, "the server ended the stream without an answer", progress: .unknown)
    }
    return answer
  }

  /// Calls go to these endpoints from now on.
  func use(_ list: [Int]) {
    endpoints.withLock { _ = $0.handle(.replaced(list)) }
    pool.retire(except: Set(list))
  }

  private func keep(_ turn: EndpointMachine.Turn) {
    endpoints.withLock { _ = $0.handle(.succeeded(turn)) }
  }

  /// The time to wait before the next attempt, which goes to whatever endpoint is the current one then.
  private func leave(_ turn: EndpointMachine.Turn, _ method: EtcdMethod) -> Duration {
    let actions = endpoints.withLock { $0.handle(.failed(turn, jitter: .random(in: 0.75...1.25))) }
    guard case .use(let next, let delay)? = actions.first else { return .zero }
    logger.info(
      "etcd member does not serve",
      metadata: ["endpoint": "\(list.name(turn.endpoint))", "next": "\(list.name(next))", "call": "\(method)"])
    return delay
  }
}
