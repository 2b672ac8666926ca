/// When a client authenticates, and for how long it goes by what came of it. One Authenticate is under way at a time, however many
/// need its token: the server computes a slow hash for each.
///
/// What callers hold is the number of what was granted; the tokens themselves stay with the shell.
package struct AuthenticationMachine: Sendable {
  package enum Input: Hashable, Sendable {
    /// A call or a stream is about to be sent, with a token no older than this if an age is given.
    case needed(maximumAge: Duration?, now: Duration)
    /// The server granted a token. `now` is when it was asked for.
    case granted(now: Duration)
    /// The server does not know authentication: it is not switched on.
    case notEnabled
    /// Authenticate failed. The jitter is about 1.
    case failed(CallFailure, now: Duration, jitter: Double)
    /// Who was authenticating was cancelled, or had no time left.
    case abandoned
    /// The server did not accept what has this number.
    case rejected(number: Int)
  }

  package enum Action: Hashable, Sendable {
    /// Send it with what was granted under this number; `notEnabled` has granted that no token is needed.
    case use(number: Int)
    /// Call Authenticate and tell what came of it.
    case authenticate
    /// Somebody does already: ask again when woken.
    case wait
    /// Those that wait are to ask again.
    case wake
    /// Not to be tried again for now.
    case fail(CallFailure)
  }

  private enum Phase {
    case nothing
    /// A token that is held goes on being used meanwhile, since the member that is asked for another one may hang.
    case authenticating(held: Duration?)
    case holding(since: Duration)
    /// No token is needed.
    case free
    case refused(CallFailure, until: Duration)
  }

  private var phase = Phase.nothing
  /// Of what was granted last.
  private var number = 0
  /// Refusals in a row: a wrong password must not keep the server busy.
  private var refusals = 0
  private let backOff: BackOff

  package init(backOff: BackOff = BackOff()) { self.backOff = backOff }

  package mutating func handle(_ input: Input) -> [Action] {
    switch input {
    case .needed(let maximumAge, let now): return needed(maximumAge, now)
    case .granted(let now): return settle(.holding(since: now))
    case .notEnabled: return settle(.free)
    case .failed(let failure, let now, let jitter): return failed(failure, now, jitter)
    case .abandoned: return giveUp()
    case .rejected(let rejected):
      // Many calls are refused together; only the first of them throws the token away, not the new one.
      guard rejected == number else { return [] }
      switch phase {
      case .holding, .free: phase = .nothing
      case .authenticating: phase = .authenticating(held: nil)
      case .nothing, .refused: break
      }
      return []
    }
  }

  private mutating func needed(_ maximumAge: Duration?, _ now: Duration) -> [Action] {
    func isYoungEnough(_ since: Duration) -> Bool { maximumAge.map { now - since <= $0 } ?? true }
    var held: Duration?
    switch phase {
    case .free: return [.use(number: number)]
    case .holding(let since):
      if isYoungEnough(since) { return [.use(number: number)] }
      held = since
    case .authenticating(let since):
      return since.map(isYoungEnough) ?? false ? [.use(number: number)] : [.wait]
    case .refused(let failure, let until):
      if now < until { return [.fail(failure)] }
    case .nothing: break
    }
    phase = .authenticating(held: held)
    return [.authenticate]
  }

  private mutating func settle(_ phase: Phase) -> [Action] {
    self.phase = phase
    number += 1
    refusals = 0
    return [.use(number: number), .wake]
  }

  private mutating func failed(_ failure: CallFailure, _ now: Duration, _ jitter: Double) -> [Action] {
    guard failure.isRefusedAuthentication else { return giveUp() + [.fail(failure)] }
    phase = .refused(failure, until: now + backOff.delay(attempt: refusals, jitter: jitter))
    refusals = min(refusals + 1, 1_000)
    return [.wake, .fail(failure)]
  }

  /// The others try for themselves: they may reach another member, or have more time.
  private mutating func giveUp() -> [Action] {
    if case .authenticating(let held) = phase { phase = held.map { .holding(since: $0) } ?? .nothing }
    return [.wake]
  }
}
