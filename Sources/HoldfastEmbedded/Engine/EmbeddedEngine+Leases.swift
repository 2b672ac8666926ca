public import HoldfastCore

extension EmbeddedEngine {
  /// Grants a lease of `ttl` rounded up to whole seconds, at least one. Throws `leaseExists`, and `invalidArgument` beyond
  /// etcd's maximum of 9,000,000,000 s.
  public func grantLease(id: LeaseID?, ttl: Duration) async throws(HoldfastError) -> Lease {
    let now = time.now()
    return try await change { try $0.store.grantLease(id: id, ttl: ttl, now: now) }
  }

  /// Throws `leaseNotFound`.
  public func revokeLease(_ id: LeaseID) async throws(HoldfastError) -> ResponseHeader {
    try await change { try $0.store.revokeLease(id) }
  }

  /// Throws `leaseNotFound`.
  public func keepLeaseAlive(_ id: LeaseID) async throws(HoldfastError) -> Lease {
    let now = time.now()
    return try await change { try $0.store.keepLeaseAlive(id, now: now) }
  }

  /// What is left, in whole seconds rounded down.
  public func timeToLive(of id: LeaseID, keys: Bool) async throws(HoldfastError) -> LeaseTimeToLive {
    let now = time.now()
    return try await read { $0.timeToLive(of: id, keys: keys, now: now) }
  }

  public func leases() async throws(HoldfastError) -> [LeaseID] {
    try await read { $0.leaseIDs }
  }

  /// Ends leases whose time is over, until the task is cancelled. The engine stays usable afterwards, and can be run again.
  public func run() async {
    let id = makeID()
    while !Task.isCancelled {
      let now = time.now()
      // Expiring throws nothing.
      let deadline = try? await change { state in
        state.store.expireLeases(now: now)
        return state.store.nextLeaseDeadline
      }
      await withTaskGroup(of: Void.self) { group in
        if let deadline {
          // A day at most, since clocks need not take centuries. Throws only when cancelled, which ends the wait as well.
          let wakeUp = min(deadline, now + .seconds(86_400))
          group.addTask { [time] in try? await time.sleep(wakeUp) }
        }
        group.addTask { await self.wait(id, for: .leaseBefore(deadline)) }
        await group.next()
        group.cancelAll()
      }
    }
  }
}
