import HoldfastCore
import Synchronization

/// Counts the pages of lists that are on their way to a store.
final class ListCounter: Sendable {
  private let state = Mutex((inFlight: 0, most: 0))

  /// The most that were on their way at once.
  var most: Int { state.withLock { $0.most } }

  /// A backend whose lists are counted.
  func counting(_ backend: any Backend) -> any Backend { CountedBackend(backend: backend, counter: self) }

  fileprivate func begin() {
    state.withLock { state in
      state.inFlight += 1
      state.most = max(state.most, state.inFlight)
    }
  }

  fileprivate func end() { state.withLock { $0.inFlight -= 1 } }
}

private struct CountedBackend: Backend {
  let backend: any Backend
  let counter: ListCounter

  var limits: BackendLimits { backend.limits }

  func range(_ request: RangeRequest) async throws(HoldfastError) -> RangeResponse {
    // Probes and anchors ask for a number, or for as few keys as are held; a list begins with a page of a thousand.
    guard !request.countOnly, request.limit >= 1_000 else { return try await backend.range(request) }
    counter.begin()
    defer { counter.end() }
    return try await backend.range(request)
  }

  func put(_ request: PutRequest) async throws(HoldfastError) -> PutResponse { try await backend.put(request) }

  func deleteRange(_ request: DeleteRangeRequest) async throws(HoldfastError) -> DeleteRangeResponse {
    try await backend.deleteRange(request)
  }

  func transact(_ request: TransactionRequest) async throws(HoldfastError) -> TransactionResponse {
    try await backend.transact(request)
  }

  func compact(_ request: CompactRequest) async throws(HoldfastError) -> ResponseHeader {
    try await backend.compact(request)
  }

  func watch(_ request: WatchRequest) -> WatchUpdates { backend.watch(request) }

  func grantLease(id: LeaseID?, ttl: Duration) async throws(HoldfastError) -> Lease {
    try await backend.grantLease(id: id, ttl: ttl)
  }

  func revokeLease(_ id: LeaseID) async throws(HoldfastError) -> ResponseHeader { try await backend.revokeLease(id) }
  func keepLeaseAlive(_ id: LeaseID) async throws(HoldfastError) -> Lease { try await backend.keepLeaseAlive(id) }
  func keepLeaseAlive(_ id: LeaseID, within limit: Duration) async throws(HoldfastError) -> Lease {
    try await backend.keepLeaseAlive(id, within: limit)
  }

  func timeToLive(of id: LeaseID, keys: Bool) async throws(HoldfastError) -> LeaseTimeToLive {
    try await backend.timeToLive(of: id, keys: keys)
  }

  func leases() async throws(HoldfastError) -> [LeaseID] { try await backend.leases() }
  func status() async throws(HoldfastError) -> BackendStatus { try await backend.status() }
  func run() async { await backend.run() }
}
