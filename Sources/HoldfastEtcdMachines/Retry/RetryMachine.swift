package import HoldfastCore

/// Whether a failed call is tried again, and what its failure means. Times are readings of the shell's clock.
///
/// `RetryTable` decides what each failure calls for; this keeps the time. A read may be repeated. A write is repeated only
/// when it is certain that it did not reach a log: repeating one that may have been applied is how writes are applied twice.
package struct RetryMachine: Sendable {
  package enum Kind: Sendable, CaseIterable {
    case read
    case write
    /// A write of which the second application is recognised (a lease with an id of our own choice).
    case repeatableWrite
  }

  package enum Input: Hashable, Sendable {
    case start(now: Duration)
    case failed(CallFailure, now: Duration)
    /// What the endpoint machine said about the next attempt.
    case mayResume(after: Duration, now: Duration)
    case waited(now: Duration)
    /// The caller's task was cancelled while no attempt was under way.
    case cancelled
  }

  package enum Action: Hashable, Sendable {
    /// Call the current endpoint; the time is how long the attempt may take.
    case attempt(within: Duration)
    /// The server did not accept the token: the next attempt is to have another one.
    case renewToken
    /// The endpoint does not serve: tell the endpoint machine. Its answer is wanted when `resumes` is true.
    case leaveEndpoint(resumes: Bool)
    /// The endpoint answered, if only to refuse.
    case keepEndpoint
    case wait(Duration)
    case fail(HoldfastError)
  }

  private let kind: Kind
  private let timeout: Duration
  private let endpoints: Int
  private let renewsToken: Bool
  private var deadline = Duration.zero
  private var lastFailure: CallFailure?
  private var attempts = 0
  /// Whether an earlier attempt may have been applied: the outcome of a repeatable write is then never `refused`.
  private var maybeApplied = false
  private var renewals = 0
  /// Attempts in a row that TLS has failed for good: when no endpoint is left there is nothing to wait for.
  private var tlsFailures = 0

  /// - Parameter renewsToken: Whether there are credentials, with which a token that was refused can be replaced.
  package init(_ kind: Kind, timeout: Duration, endpoints: Int, renewsToken: Bool = false) {
    self.renewsToken = renewsToken
    self.kind = kind
    self.timeout = timeout
    self.endpoints = endpoints
  }

  package mutating func handle(_ input: Input) -> [Action] {
    switch input {
    case .start(let now):
      deadline = now + timeout
      return [attempt(now: now)]
    case .failed(let failure, let now):
      return failed(failure, now: now)
    case .mayResume(let delay, let now):
      guard now + delay < deadline else { return [.fail(error())] }
      return delay > .zero ? [.wait(delay)] : [attempt(now: now)]
    case .waited(let now):
      return now < deadline ? [attempt(now: now)] : [.fail(error())]
    case .cancelled:
      lastFailure = CallFailure(.cancelled, "the task was cancelled", progress: .notProcessed)
      return [.fail(error())]
    }
  }

  /// The outcome of a write of which nothing more is known than what the attempts before told.
  package var outcome: HoldfastError.Outcome? {
    guard kind != .read else { return nil }
    guard !maybeApplied, let lastFailure else { return maybeApplied ? .unknown : .refused }
    return WriteOutcome.of(lastFailure)
  }

  private mutating func attempt(now: Duration) -> Action {
    attempts += 1
    let remaining = deadline - now
    // A hung member must not use up the time of a read that another one could serve.
    let isUntriedLeft = kind == .read && attempts < endpoints
    return .attempt(within: isUntriedLeft ? remaining / 2 : remaining)
  }

  private mutating func failed(_ failure: CallFailure, now: Duration) -> [Action] {
    lastFailure = failure
    // It was refused before anything of it was done, so a write may be sent again too. A few times: roles that are being
    // changed make every token old.
    if renewsToken, failure.wantsToken, renewals < Self.maximumRenewals, now < deadline {
      renewals += 1
      return [.keepEndpoint, .renewToken, attempt(now: now)]
    }
    tlsFailures = failure.isTLSFailure ? tlsFailures + 1 : 0
    if kind == .repeatableWrite && WriteOutcome.of(failure) != .refused { maybeApplied = true }
    switch RetryTable.row(for: failure).decision(for: kind) {
    // Only a status of the member itself shows that it serves.
    case .giveUp: return failure.progress == .answered ? [.keepEndpoint, .fail(error())] : [.fail(error())]
    case .leave: return [.leaveEndpoint(resumes: false), .fail(error())]
    case .rotate:
      let isOver = now >= deadline || tlsFailures >= max(1, endpoints)
      return isOver ? [.leaveEndpoint(resumes: false), .fail(error())] : [.leaveEndpoint(resumes: true)]
    }
  }

  private static var maximumRenewals: Int { 3 }

  private func error() -> HoldfastError {
    var error = lastFailure?.error ?? HoldfastError(.timeout, "the time for the call was over before it began")
    error.outcome = outcome
    return error
  }
}
