import Synchronization

/// Leases that several writes share, for those who write many keys with a time to live: `.ttl(_:)` has a lease granted for each
/// write, which is a round trip of its own and something that the store has to count down.
///
/// ```swift
/// let pool = LeasePool(store)
/// try await store.execute(sessions.put(session).lease(pool.lease(ttl: .seconds(60))))
/// ```
///
/// A key expires no earlier than its time to live after ``lease(ttl:)`` was called, and **at most the pool's slack later** (and
/// then, as every lease, with the second to which the store rounds up, and what the store takes to notice). Keys that share a
/// lease expire together. The leases of a pool are neither renewed nor revoked, also not when a write is refused. An answer that
/// was lost is not proven by such a lease, as it is by that of `.ttl(_:)`.
public final class LeasePool: Sendable {
  private struct State {
    var machine: LeasePoolMachine
    var leases: [LeasePoolMachine.Ticket: Task<Lease, any Error>] = [:]
  }

  private let backend: any Backend
  private let time: TimeSource
  private let state: Mutex<State>

  /// - Parameters:
  ///   - slack: For how long a lease is handed out, and so how much later than asked for a key may expire.
  ///   - keysPerLease: How many keys get the same lease at most: a store deletes them all at one revision.
  public convenience init(_ store: Store, slack: Duration = .seconds(1), keysPerLease: Int = 1_000) {
    self.init(store, slack: slack, keysPerLease: keysPerLease, time: .continuous)
  }

  package init(_ store: Store, slack: Duration, keysPerLease: Int, time: TimeSource) {
    backend = store.backend
    self.time = time
    state = Mutex(State(machine: LeasePoolMachine(slack: max(.zero, slack), keysPerLease: max(1, keysPerLease))))
  }

  /// A lease for one key, that lives for at least `ttl` from now on. It may be had by others already, and the key is to be written
  /// at once.
  ///
  /// - Throws: ``HoldfastError`` as the store does when it grants no lease, and `invalidArgument` for a time that is not positive;
  ///   `cancelled`, at once, when the task is; with outcome `refused`, since no key was written.
  public func lease(ttl: Duration) async throws -> Lease {
    guard ttl > .zero else {
      throw HoldfastError(.invalidArgument, "the time to live is \(ttl); it must be positive", outcome: .refused)
    }
    let (ticket, lease) = state.withLock { state in
      let answer = state.machine.request(ttl: ttl, now: time.now())
      let current = state.machine.tickets
      state.leases = state.leases.filter { current.contains($0.key) }
      switch answer {
      case .share(let ticket): return (ticket, state.leases[ticket])
      case .grant(let ticket, let ttl):
        // A task of its own: others wait for it too, and are not to fail when one is cancelled.
        let lease = Task { [backend] in try await backend.grantLease(id: nil, ttl: ttl) as Lease }
        state.leases[ticket] = lease
        return (ticket, lease)
      }
    }
    do {
      guard let lease else { throw HoldfastError(.internal, "a shared lease is not there") }
      return try await lease.wait()
    } catch {
      // What one does not wait for is granted to others all the same.
      if !(error is CancellationError) { state.withLock { $0.machine.withdraw(ticket) } }
      throw HoldfastError(wrapping: error).with(outcome: .refused)
    }
  }
}
