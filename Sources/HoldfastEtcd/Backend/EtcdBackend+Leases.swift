public import HoldfastCore
import HoldfastEtcdMachines
import HoldfastEtcdProtos

extension EtcdBackend {
  /// Without an id one is drawn here rather than by the server, so that a grant whose answer was lost is tried again
  /// without leaving a second lease behind.
  public func grantLease(id: LeaseID?, ttl: Duration) async throws(HoldfastError) -> Lease {
    var message = Etcdserverpb_LeaseGrantRequest()
    message.ttl = ttl.wholeSecondsRoundedUp
    let chosen = id ?? LeaseID(Int64.random(in: 1 ... .max))
    message.id = chosen.rawValue
    do {
      return try await caller.call(
        .grantLease, message, id == nil ? .repeatableWrite : .write, timeout: configuration.requestTimeout
      ) { (answer: Etcdserverpb_LeaseGrantResponse) in
        let header = try ResponseHeader(answer.hasHeader ? answer.header : nil)
        guard answer.error.isEmpty, answer.ttl > 0 else {
          throw MalformedAnswer("it grants no time", revision: header.revision)
        }
        return Lease(id: LeaseID(answer.id), ttl: .seconds(answer.ttl), header: header)
      }
    } catch {
      // Out of 2^63 ids, the one that is taken is ours: the answer of an earlier attempt was lost.
      guard id == nil && error.code == .leaseExists else {
        if id == nil && error.outcome != .refused { abandon(chosen) }
        throw error
      }
    }
    let lease: LeaseTimeToLive
    do {
      lease = try await timeToLive(of: chosen, keys: false)
    } catch {
      abandon(chosen)
      throw error.with(outcome: .applied)
    }
    guard lease.remaining != nil else {
      throw HoldfastError(.leaseNotFound, "the lease expired before its grant was known", outcome: .applied)
    }
    return Lease(id: chosen, ttl: lease.granted, header: lease.header)
  }

  /// Nobody knows this lease's id, or will. Nobody waits for its end either, and where it fails the lease expires.
  private func abandon(_ id: LeaseID) {
    Task { _ = try? await revokeLease(id) }
  }

  public func revokeLease(_ id: LeaseID) async throws(HoldfastError) -> ResponseHeader {
    var message = Etcdserverpb_LeaseRevokeRequest()
    message.id = id.rawValue
    return try await caller.call(.revokeLease, message, .write, timeout: configuration.requestTimeout) {
      (answer: Etcdserverpb_LeaseRevokeResponse) in try ResponseHeader(answer.hasHeader ? answer.header : nil)
    }
  }

  public func keepLeaseAlive(_ id: LeaseID) async throws(HoldfastError) -> Lease {
    try await keepLeaseAlive(id, within: configuration.requestTimeout)
  }

  /// The retry machine gives the first members a share of the limit each.
  public func keepLeaseAlive(_ id: LeaseID, within limit: Duration) async throws(HoldfastError) -> Lease {
    var message = Etcdserverpb_LeaseKeepAliveRequest()
    message.id = id.rawValue
    let timeout = min(limit, configuration.requestTimeout)
    let lease = try await caller.call(.keepLeaseAlive, message, .read, timeout: timeout) {
      (answer: Etcdserverpb_LeaseKeepAliveResponse) in
      let header = try ResponseHeader(answer.hasHeader ? answer.header : nil)
      guard answer.id == id.rawValue else { throw MalformedAnswer("it concerns another lease") }
      return Lease(id: id, ttl: .seconds(answer.ttl), header: header)
    }
    // etcd has no error for this.
    guard lease.ttl > .zero else { throw HoldfastError(.leaseNotFound, "the lease \(id) does not exist (any more)") }
    return lease
  }

  public func timeToLive(of id: LeaseID, keys: Bool) async throws(HoldfastError) -> LeaseTimeToLive {
    var message = Etcdserverpb_LeaseTimeToLiveRequest()
    message.id = id.rawValue
    message.keys = keys
    return try await caller.call(.timeToLive, message, .read, timeout: configuration.requestTimeout) {
      (answer: Etcdserverpb_LeaseTimeToLiveResponse) in
      let header = try ResponseHeader(answer.hasHeader ? answer.header : nil)
      // −1 says that there is no such lease.
      let exists = answer.ttl >= 0
      return LeaseTimeToLive(
        id: id, remaining: exists ? .seconds(answer.ttl) : nil, granted: exists ? .seconds(answer.grantedTtl) : .zero,
        keys: answer.keys.map { Key(bytes: $0) }.sorted(), header: header)
    }
  }

  public func leases() async throws(HoldfastError) -> [LeaseID] {
    try await caller.call(
      .leases, Etcdserverpb_LeaseLeasesRequest(), .read, timeout: configuration.requestTimeout, isLocal: true
    ) {
      (answer: Etcdserverpb_LeaseLeasesResponse) in answer.leases.map(\.id).sorted().map { LeaseID($0) }
    }
  }
}
