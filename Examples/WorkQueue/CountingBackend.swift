import Holdfast
import Synchronization

/// Passes everything on and counts what went to the store.
final class CountingBackend: Backend {
  private let backend: any Backend
  private let counter: RequestCounter

  init(_ backend: any Backend, counter: RequestCounter) {
    self.backend = backend
    self.counter = counter
  }

  var limits: BackendLimits { backend.limits }

  func range(_ request: RangeRequest) async throws(HoldfastError) -> RangeResponse {
    counter.add()
    return try await backend.range(request)
  }
  func put(_ request: PutRequest) async throws(HoldfastError) -> PutResponse {
    counter.add()
    return try await backend.put(request)
  }
  func deleteRange(_ request: DeleteRangeRequest) async throws(HoldfastError) -> DeleteRangeResponse {
    counter.add()
    return try await backend.deleteRange(request)
  }
  func transact(_ request: TransactionRequest) async throws(HoldfastError) -> TransactionResponse {
    counter.add()
    return try await backend.transact(request)
  }
  func compact(_ request: CompactRequest) async throws(HoldfastError) -> ResponseHeader {
    counter.add()
    return try await backend.compact(request)
  }
  func watch(_ request: WatchRequest) -> WatchUpdates {
    counter.add()
    return backend.watch(request)
  }
  func grantLease(id: LeaseID?, ttl: Duration) async throws(HoldfastError) -> Lease {
    counter.add()
    return try await backend.grantLease(id: id, ttl: ttl)
  }
  func revokeLease(_ id: LeaseID) async throws(HoldfastError) -> ResponseHeader {
    counter.add()
    return try await backend.revokeLease(id)
  }
  func keepLeaseAlive(_ id: LeaseID) async throws(HoldfastError) -> Lease {
    counter.add()
    return try await backend.keepLeaseAlive(id)
  }
  func timeToLive(of id: LeaseID, keys: Bool) async throws(HoldfastError) -> LeaseTimeToLive {
    counter.add()
    return try await backend.timeToLive(of: id, keys: keys)
  }
  func leases() async throws(HoldfastError) -> [LeaseID] {
    counter.add()
    return try await backend.leases()
  }
  func status() async throws(HoldfastError) -> BackendStatus {
    counter.add()
    return try await backend.status()
  }
  func run() async { await backend.run() }
}

final class RequestCounter: Sendable {
  private let requests = Atomic(0)
  func add() { requests.add(1, ordering: .relaxed) }
  var count: Int { requests.load(ordering: .relaxed) }
}
