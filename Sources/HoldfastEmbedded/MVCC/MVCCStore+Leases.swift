package import HoldfastCore

extension MVCCStore {
  /// The longest time to live that etcd grants, in seconds.
  static var maximumTTL: Int64 { 9_000_000_000 }

  /// Grants a lease of `ttl` rounded up to whole seconds, at least one. Id nil (or 0) lets the store choose. Throws, with
  /// outcome `refused`, `leaseExists` and, for a time beyond etcd's 9,000,000,000 s, `invalidArgument`.
  package mutating func grantLease(id: LeaseID?, ttl: Duration, now: Duration) throws -> Lease {
    let wanted = id.flatMap { $0.rawValue == 0 ? nil : $0 }
    try Self.refusing {
      if ttl > .seconds(Self.maximumTTL) {
        throw failure(.invalidArgument, "a lease lasts at most \(Self.maximumTTL) seconds")
      }
      if let wanted, leases.contains(wanted) { throw failure(.leaseExists, "lease \(wanted) exists") }
    }
    let id = wanted ?? leases.chooseID()
    let seconds = max(1, ttl.wholeSecondsRoundedUp)
    leases.grant(id, ttl: seconds, now: now)
    return Lease(id: id, ttl: .seconds(seconds), header: header)
  }

  /// Ends a lease and deletes its keys in key order, at one revision if there are any. Throws `leaseNotFound`.
  package mutating func revokeLease(_ id: LeaseID) throws -> ResponseHeader {
    guard let lease = leases[id] else { throw noLease(id).with(outcome: .refused) }
    var pending = PendingChanges(before: revision, revision: revision.next)
    for key in lease.keys.sorted() { _ = apply(DeleteRangeRequest(.key(key)), to: &pending) }
    leases.remove(id)
    commit(pending)
    return header
  }

  /// Renews a lease for its whole time. Throws `leaseNotFound`, also when it has expired and still waits for its end.
  package mutating func keepLeaseAlive(_ id: LeaseID, now: Duration) throws -> Lease {
    guard let lease = leases[id], lease.deadline > now else { throw noLease(id) }
    leases.renew(id, now: now)
    return Lease(id: id, ttl: .seconds(lease.ttl), header: header)
  }

  /// What is left of a lease, in whole seconds rounded down as etcd rounds; nothing when there is no such lease.
  package func timeToLive(of id: LeaseID, keys: Bool, now: Duration) -> LeaseTimeToLive {
    guard let lease = leases[id] else {
      return LeaseTimeToLive(id: id, remaining: nil, granted: .zero, keys: [], header: header)
    }
    return LeaseTimeToLive(
      id: id, remaining: .seconds(max(.zero, lease.deadline - now).components.seconds), granted: .seconds(lease.ttl),
      keys: keys ? lease.keys.sorted() : [], header: header)
  }

  /// The leases there are, ordered by id.
  package var leaseIDs: [LeaseID] { leases.ids }

  /// No lease expires before this time; nil when there is none. Call ``expireLeases(now:)`` then.
  package var nextLeaseDeadline: Duration? { leases.nextDeadline }

  /// Revokes every lease whose time is over, each at a revision of its own, and says which.
  @discardableResult
  package mutating func expireLeases(now: Duration) -> [LeaseID] {
    let expired = leases.expired(at: now)
    // Each of them exists, so revoking it does not throw.
    for id in expired { _ = try? revokeLease(id) }
    return expired
  }

  private func noLease(_ id: LeaseID) -> HoldfastError { failure(.leaseNotFound, "there is no lease \(id)") }
}
