/// Which writes share a lease. Pure.
///
/// A lease is asked for the time to live *plus* the slack, and handed out from when it was asked for until the slack is over: so
/// it lives on for the time to live at least, whenever it was handed out. No more than so many keys get the same one.
package struct LeasePoolMachine: Sendable {
  /// Names a lease that was asked for.
  package typealias Ticket = Int

  package enum Answer: Equatable, Sendable {
    /// Ask the store for a lease that lives for so long; then share it.
    case grant(Ticket, Duration)
    /// The lease of this ticket, granted or still asked for.
    case share(Ticket)
  }

  private struct Batch {
    var ticket: Ticket
    var sent: Duration
    var keys: Int
  }

  private let slack: Duration
  private let keysPerLease: Int
  private var batches: [Duration: Batch] = [:]
  private var lastTicket = 0

  package init(slack: Duration, keysPerLease: Int) {
    self.slack = slack
    self.keysPerLease = keysPerLease
  }

  /// A key is to live for `ttl` from now on.
  package mutating func request(ttl: Duration, now: Duration) -> Answer {
    // What nobody can share any more is forgotten.
    batches = batches.filter { now <= $0.value.sent + slack }
    if var batch = batches[ttl], batch.keys < keysPerLease {
      batch.keys += 1
      batches[ttl] = batch
      return .share(batch.ticket)
    }
    lastTicket += 1
    batches[ttl] = Batch(ticket: lastTicket, sent: now, keys: 1)
    return .grant(lastTicket, ttl + slack)
  }

  /// The lease was not granted, or is not there any more: nobody else gets it.
  package mutating func withdraw(_ ticket: Ticket) {
    batches = batches.filter { $0.value.ticket != ticket }
  }

  /// The tickets that may still be shared.
  package var tickets: Set<Ticket> { Set(batches.values.map(\.ticket)) }
}
