internal import HoldfastCore
internal import Synchronization

/// A backend in front of another that counts what is sent, remembers the leases granted, and can do something else with
/// transactions and watches.
final class InterposedBackend: Backend {
  typealias Transact = @Sendable (TransactionRequest, any Backend) async throws -> TransactionResponse
  typealias Watch = @Sendable (WatchRequest, any Backend) -> WatchUpdates

  let base: any Backend
  private let state = Mutex(State())

  private struct State {
    var requests = 0
    var granted: [LeaseID] = []
    var transact: Transact?
    var watch: Watch?
  }

  init(_ base: any Backend) { self.base = base }

  /// How many requests have been sent.
  var requests: Int { state.withLock { $0.requests } }

  /// Handles transactions from now on.
  func onTransact(_ transact: Transact?) { state.withLock { $0.transact = transact } }

  /// Handles watches from now on.
  func onWatch(_ watch: Watch?) { state.withLock { $0.watch = watch } }

  /// The leases granted through this backend that still exist.
  func leasesLeft() async throws -> [LeaseID] {
    let granted = state.withLock { $0.granted }
    return try await base.leases().filter(granted.contains)
  }

  /// How many leases were granted through it.
  var grantedLeases: Int { state.withLock { $0.granted.count } }

  private func count() { state.withLock { $0.requests += 1 } }

  var limits: BackendLimits { base.limits }

  func range(_ request: RangeRequest) async throws(HoldfastError) -> RangeResponse {
    count()
    return try await base.range(request)
  }

  func put(_ request: PutRequest) async throws(HoldfastError) -> PutResponse {
    count()
    return try await base.put(request)
  }

  func deleteRange(_ request: DeleteRangeRequest) async throws(HoldfastError) -> DeleteRangeResponse {
    count()
    return try await base.deleteRange(request)
  }

  func transact(_ request: TransactionRequest) async throws(HoldfastError) -> TransactionResponse {
    count()
    guard let transact = state.withLock({ $0.transact }) else { return try await base.transact(request) }
    do {
      return try await transact(request, base)
    } catch {
      throw HoldfastError(wrapping: error)
    }
  }

  func compact(_ request: CompactRequest) async throws(HoldfastError) -> ResponseHeader {
    count()
    return try await base.compact(request)
  }

  func watch(_ request: WatchRequest) -> WatchUpdates {
    count()
    return state.withLock { $0.watch }?(request, base) ?? base.watch(request)
  }

  func grantLease(id: LeaseID?, ttl: Duration) async throws(HoldfastError) -> Lease {
    count()
    let lease = try await base.grantLease(id: id, ttl: ttl)
    state.withLock { $0.granted.append(lease.id) }
    return lease
  }

  func revokeLease(_ id: LeaseID) async throws(HoldfastError) -> ResponseHeader {
    count()
    return try await base.revokeLease(id)
  }

  func keepLeaseAlive(_ id: LeaseID) async throws(HoldfastError) -> Lease {
    count()
    return try await base.keepLeaseAlive(id)
  }

  func keepLeaseAlive(_ id: LeaseID, within limit: Duration) async throws(HoldfastError) -> Lease {
    count()
    return try await base.keepLeaseAlive(id, within: limit)
  }

  func timeToLive(of id: LeaseID, keys: Bool) async throws(HoldfastError) -> LeaseTimeToLive {
    count()
    return try await base.timeToLive(of: id, keys: keys)
  }

  func leases() async throws(HoldfastError) -> [LeaseID] {
    count()
    return try await base.leases()
  }

  func status() async throws(HoldfastError) -> BackendStatus {
    count()
    return try await base.status()
  }

  func run() async { await base.run() }
}
