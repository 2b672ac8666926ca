import HoldfastCore
import HoldfastEtcdMachines
import HoldfastEtcdProtos
import Logging
import SwiftProtobuf
import Synchronization

/// What calls and streams carry to show who sends them.
struct AuthenticationToken: Sendable {
  /// Of the machine; says which token a refusal is about.
  var number: Int
  /// Nil where authentication is not switched on.
  var secret: Secret<String>?
}

/// Gets tokens, one Authenticate at a time for all that wait for one.
///
/// Nothing runs here by itself: the call that finds no token authenticates in its own task, on its own connection.
final class Authenticator: Sendable {
  private let credentials: EtcdCredentials
  private let time: TimeSource
  private let logger: Logger
  private let state = Mutex(State())

  private struct State {
    var machine = AuthenticationMachine()
    var token: Secret<String>?
    var waiters = ConnectWaiters()
    var nextWaiter: UInt64 = 0
  }

  private enum Step {
    case use(AuthenticationToken)
    case authenticate
    case wait(ConnectWaiters, UInt64)
    case fail(CallFailure)
  }

  /// A stream lives long and is not checked again, so it does not begin with a token that is about to expire. etcd's simple tokens
  /// live for 300 s by default.
  static let maximumAgeForStreams = Duration.seconds(60)
  /// How long one Authenticate may take: others may be waiting for what comes of it.
  private static let longest = Duration.seconds(2)

  init(_ credentials: EtcdCredentials, time: TimeSource, logger: Logger) {
    self.credentials = credentials
    self.time = time
    self.logger = logger
  }

  var user: String { credentials.user }

  /// A token for a call on the connection, from memory if there is one.
  func token(
    on connection: any RPCConnection, maximumAge: Duration? = nil, within limit: Duration
  ) async throws(CallFailure) -> AuthenticationToken {
    let deadline = time.now() + limit
    while true {
      switch step(.needed(maximumAge: maximumAge, now: time.now())) {
      case .use(let token): return token
      case .fail(let failure): throw failure
      case .authenticate: return try await authenticate(on: connection, until: deadline)
      case .wait(let waiters, let id):
        let waited = await withDeadline(deadline - time.now(), time) { await waiters.wait(id) }
        if Task.isCancelled { throw CallFailure(.cancelled, "the task was cancelled", progress: .notProcessed) }
        if waited.isLate || time.now() >= deadline {
          throw CallFailure(.deadlineExceeded, "no token in time", progress: .notProcessed)
        }
      }
    }
  }

  /// The server did not accept this one.
  func reject(_ token: AuthenticationToken) {
    state.withLock { _ = $0.machine.handle(.rejected(number: token.number)) }
  }

  private func authenticate(
    on connection: any RPCConnection, until deadline: Duration
  ) async throws(CallFailure) -> AuthenticationToken {
    let asked = time.now()
    var request = Etcdserverpb_AuthenticateRequest()
    request.name = credentials.user
    request.password = credentials.password.exposed
    // A member without a leader is to say so at once, and one that hangs must not keep those who wait.
    let call = RPCCall(
      path: EtcdMethod.authenticate.rawValue, metadata: EtcdMethod.requireLeader,
      timeout: min(deadline - asked, Self.longest))
    let failure: CallFailure
    do {
      let bytes = try await connection.unary(call, request.serializedBytes())
      let token = try Etcdserverpb_AuthenticateResponse(serializedBytes: bytes).token
      let isSendable = !token.isEmpty && token.utf8.allSatisfy { (0x20...0x7e).contains($0) }
      if isSendable, case .use(let token) = step(.granted(now: asked), token: Secret(token)) { return token }
      failure = Self.malformed
    } catch let error as RPCError {
      failure = CallFailure(error, isCancelled: Task.isCancelled)
    } catch {
      failure = Self.malformed
    }
    if failure.isAuthenticationNotEnabled, case .use(let token) = step(.notEnabled) {
      logger.info("etcd has authentication switched off; calls go without a token")
      return token
    }
    let told = failure.authenticating(credentials.user)
    if failure.status == .cancelled {
      _ = step(.abandoned)
    } else {
      _ = step(.failed(told, now: time.now(), jitter: .random(in: 0.75...1.25)))
    }
    throw told.ofCallToCome
  }

  private static let malformed = CallFailure(.internal, "the answer to authenticate is malformed", progress: .unknown)

  /// Tells the machine, does what can be done at once, and says what is left.
  private func step(_ input: AuthenticationMachine.Input, token: Secret<String>? = nil) -> Step {
    let (step, woken) = state.withLock { state -> (Step?, ConnectWaiters?) in
      var step: Step?
      var woken: ConnectWaiters?
      for action in state.machine.handle(input) {
        switch action {
        case .use(let number):
          switch input {
          case .granted, .notEnabled: state.token = token
          default: break
          }
          step = .use(AuthenticationToken(number: number, secret: state.token))
        case .authenticate: step = .authenticate
        case .wait:
          state.nextWaiter += 1
          step = .wait(state.waiters, state.nextWaiter)
        case .wake:
          woken = state.waiters
          state.waiters = ConnectWaiters()
        case .fail(let failure): step = .fail(failure)
        }
      }
      return (step, woken)
    }
    woken?.resumeAll(.look)
    return step ?? .fail(CallFailure(.internal, "nothing came of authenticating", progress: .notProcessed))
  }
}
