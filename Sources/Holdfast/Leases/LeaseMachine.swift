package import HoldfastCore

/// Has a lease granted and keeps it alive: when to ask, how long the lease is certain, and when it is lost. Pure.
///
/// **Granting** is tried again under the same id, chosen by the caller, so that a grant whose answer was lost leaves nothing
/// behind: `leaseExists` to a repetition means that it was granted, and a keep-alive then tells the time to live. One that is
/// answered when the lease is not certain any more is revoked, and another is asked for.
///
/// **Keeping**: a keep-alive at a third of the time to live. The server counts from when it handles one, which is after it was
/// sent; so the lease is certain until its time to live after the *sending* of the last one that was answered. A tenth of the
/// time, a second at most, is left for the holder to stop. Whatever fails is tried again until then, but for the server's word
/// that there is no such lease.
package struct LeaseMachine: Sendable {
  package enum Input: Sendable {
    /// Begin, or begin again after a loss, with an id that nobody else has.
    case start(LeaseID)
    /// The answer to `grant`, or to `keepAlive`.
    case answered(Lease)
    case failed(HoldfastError)
    case woken
  }

  package enum Action: Equatable, Sendable {
    case grant(LeaseID)
    /// Ask once: the store is told the limit; give up at the time.
    case keepAlive(LeaseID, within: Duration, until: Duration)
    case wait(until: Duration)
    /// The lease is granted.
    case hold(Lease)
    /// The lease, if it was granted after all, is of no use.
    case revoke(LeaseID)
    /// Not granted: the end.
    case fail(HoldfastError)
    /// The lease may be gone any time now, or is: the end, unless it is started again.
    case lost(HoldfastError)
  }

  private enum Phase {
    case idle
    case granting
    /// It is granted, and not known for how long.
    case confirming
    case holding
  }

  private let ttl: Duration
  private let grantTimeout: Duration
  private var phase = Phase.idle
  private var id = LeaseID(0)
  /// When the current, or last, request was sent.
  private var sent = Duration.zero
  /// When to give up the grant; nil for never.
  private var grantDeadline: Duration?
  /// Until when the lease is certain.
  private var deadline = Duration.zero
  private var failures = 0
  private var lastError: HoldfastError?
  /// Whether a grant was sent that may have been carried out.
  private var mayExist = false
  private var wasHeld = false

  package init(ttl: Duration, grantTimeout: Duration) {
    self.ttl = ttl
    self.grantTimeout = grantTimeout
  }

  /// - Parameters:
  ///   - now: The shell's clock.
  ///   - jitter: In 0 ..< 1; it keeps many leases from being renewed in step.
  package mutating func handle(_ input: Input, now: Duration, jitter: Double) -> [Action] {
    switch (input, phase) {
    case (.start(let id), _): return start(id, now)
    case (.answered(let lease), .granting), (.answered(let lease), .confirming): return granted(lease, now, jitter)
    case (.answered(let lease), .holding): return kept(lease, now, jitter)
    case (.failed(let error), .granting), (.failed(let error), .confirming): return notGranted(error, now, jitter)
    case (.failed(let error), .holding): return notKept(error, now, jitter)
    case (.woken, .granting): return grant(now)
    case (.woken, .confirming): return keepAlive(now, within: ttl, until: now + ttl)
    case (.woken, .holding): return now < deadline ? renew(now) : lose(lastError)
    case (_, .idle): return []
    }
  }

  private mutating func start(_ id: LeaseID, _ now: Duration) -> [Action] {
    self.id = id
    // Who had one waits as long as it takes.
    grantDeadline = wasHeld ? nil : now + grantTimeout
    (failures, lastError, mayExist) = (0, nil, false)
    phase = .granting
    return grant(now)
  }

  private mutating func grant(_ now: Duration) -> [Action] {
    sent = now
    return [.grant(id)]
  }

  private mutating func keepAlive(_ now: Duration, within limit: Duration, until: Duration) -> [Action] {
    sent = now
    return [.keepAlive(id, within: limit, until: until)]
  }

  /// Half of the time that is left, so that after a silence another attempt, on another connection, is in time.
  private mutating func renew(_ now: Duration) -> [Action] {
    let left = deadline - now
    return keepAlive(now, within: min(left, max(left / 2, .milliseconds(100))), until: deadline)
  }

  private mutating func granted(_ lease: Lease, _ now: Duration, _ jitter: Double) -> [Action] {
    guard lease.ttl > .zero else { return notGranted(Self.missing(id), now, jitter) }
    guard now < certainTime(of: lease) else { return grantedTooLate(now, jitter) }
    phase = .holding
    wasHeld = true
    return [.hold(lease)] + kept(lease, now, jitter)
  }

  /// Nobody may rely on it any more. The next one has another id, the neighbour of one that was drawn at random: the revocation
  /// may still be on its way when that is asked for.
  private mutating func grantedTooLate(_ now: Duration, _ jitter: Double) -> [Action] {
    let late = id
    (id, phase, mayExist) = (LeaseID(late.rawValue == .max ? 1 : late.rawValue + 1), .granting, false)
    let error = HoldfastError(.timeout, "the lease was granted too late to rely on it", outcome: .refused)
    return [.revoke(late)] + notGranted(error, now, jitter)
  }

  private mutating func notGranted(_ error: HoldfastError, _ now: Duration, _ jitter: Double) -> [Action] {
    defer { failures += 1 }
    if error.code == .leaseExists, mayExist, phase == .granting {
      phase = .confirming
      return keepAlive(now, within: ttl, until: now + ttl)
    }
    if error.code == .leaseNotFound, phase == .confirming {
      // It has expired meanwhile.
      phase = .granting
    } else if error.outcome != .refused, phase == .granting {
      mayExist = true
    }
    lastError = error
    let next = now + pause(jitter)
    let isWorthIt = error.isTransient || error.code == .leaseNotFound
    if isWorthIt, grantDeadline.map({ next < $0 }) ?? true { return [.wait(until: next)] }
    defer { phase = .idle }
    return mayExist ? [.revoke(id), .fail(error)] : [.fail(error)]
  }

  private mutating func kept(_ lease: Lease, _ now: Duration, _ jitter: Double) -> [Action] {
    guard lease.ttl > .zero else { return lose(Self.missing(id)) }
    (failures, lastError) = (0, nil)
    deadline = certainTime(of: lease)
    guard now < deadline else { return lose(nil) }
    return [.wait(until: max(now, sent + lease.ttl / 3 * (1 - jitter / 10)))]
  }

  private func certainTime(of lease: Lease) -> Duration { sent + lease.ttl - min(lease.ttl / 10, .seconds(1)) }

  private mutating func notKept(_ error: HoldfastError, _ now: Duration, _ jitter: Double) -> [Action] {
    if error.code == .leaseNotFound { return lose(error) }
    lastError = error
    guard now < deadline else { return lose(error) }
    defer { failures += 1 }
    return [.wait(until: min(deadline, now + pause(jitter)))]
  }

  private mutating func lose(_ cause: HoldfastError?) -> [Action] {
    phase = .idle
    let reason =
      cause?.code == .leaseNotFound ? "it has expired, or was revoked" : "it could not be renewed in time"
    return [.lost(HoldfastError(.leaseExpired, "the lease \(id) is lost: \(reason)", cause: cause))]
  }

  /// 50 ms, doubling to a second or, of a short lease, a tenth of its time; up to half of it is taken away.
  private func pause(_ jitter: Double) -> Duration {
    let longest = max(.milliseconds(50), min(.seconds(1), ttl / 10))
    return min(longest, .milliseconds(50) * (1 << min(failures, 5))) * (1 - jitter / 2)
  }

  private static func missing(_ id: LeaseID) -> HoldfastError {
    HoldfastError(.leaseNotFound, "the store grants the lease \(id) no time")
  }
}
