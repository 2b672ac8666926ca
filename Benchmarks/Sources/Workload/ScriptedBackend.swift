public import Holdfast
import Synchronization

/// A store that holds what it was given and never changes; its one watch reports what a script says. No network, and next to no
/// work of its own: what is measured is the cache.
public final class ScriptedBackend: Backend {
  /// Gives the next batch; waits as long as it likes.
  public typealias Script = @Sendable () async -> WatchUpdate?

  private let keyValues: [KeyValue]
  private let revision: Revision
  private let script: Script

  /// - Parameter keyValues: In key order, whatever order they came in.
  public init(_ keyValues: [KeyValue], script: @escaping Script) {
    self.keyValues = keyValues.sorted { $0.key < $1.key }
    revision = keyValues.map(\.modRevision).max() ?? 1
    self.script = script
  }

  public var limits: BackendLimits { BackendLimits() }
  private var header: ResponseHeader { ResponseHeader(clusterID: 1, memberID: 1, revision: revision, raftTerm: 1) }

  public func range(_ request: RangeRequest) async throws(HoldfastError) -> RangeResponse {
    let start = firstIndex(notBefore: request.range.start)
    let end = request.range.end.map(firstIndex) ?? keyValues.count
    let all = start < end ? keyValues[start..<end] : []
    if request.countOnly { return RangeResponse(header: header, keyValues: [], count: Int64(all.count)) }
    // The only order that a cache asks for: which key changed last, to know the store's past again.
    if request.sortTarget == .modRevision {
      let newest = all.max { $0.modRevision < $1.modRevision }
      return RangeResponse(
        header: header, keyValues: newest.map { [$0] } ?? [], more: all.count > 1, count: Int64(all.count))
    }
    let page = request.limit > 0 ? all.prefix(Int(request.limit)) : all
    return RangeResponse(
      header: header, keyValues: Array(page), more: page.count < all.count, count: Int64(all.count))
  }

  private func firstIndex(notBefore key: Key) -> Int {
    var (low, high) = (0, keyValues.count)
    while low < high {
      let middle = (low + high) / 2
      if keyValues[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return low
  }

  public func watch(_ request: WatchRequest) -> WatchUpdates {
    let (script, header) = (script, header)
    return .making {
      let isFirst = Atomic(true)
      return { () async throws(HoldfastError) -> WatchUpdate? in
        isFirst.exchange(false, ordering: .relaxed) ? .started(header) : await script()
      }
    }
  }

  public func status() async throws(HoldfastError) -> BackendStatus {
    BackendStatus(header: header, version: "scripted")
  }

  public func transact(_ request: TransactionRequest) async throws(HoldfastError) -> TransactionResponse {
    // The first page of a list and what is known of the store's past: reads only.
    var responses: [StoreResponse] = []
    for operation in request.success {
      guard case .range(let range) = operation else { throw Self.isFixed }
      responses.append(.range(try await self.range(range)))
    }
    return TransactionResponse(header: header, succeeded: true, responses: responses)
  }

  private static var isFixed: HoldfastError { HoldfastError(.unimplemented, "the scripted store cannot be written to") }

  public func put(_ request: PutRequest) async throws(HoldfastError) -> PutResponse { throw Self.isFixed }
  public func deleteRange(_ request: DeleteRangeRequest) async throws(HoldfastError) -> DeleteRangeResponse {
    throw Self.isFixed
  }
  public func compact(_ request: CompactRequest) async throws(HoldfastError) -> ResponseHeader { throw Self.isFixed }
  public func grantLease(id: LeaseID?, ttl: Duration) async throws(HoldfastError) -> Lease { throw Self.isFixed }
  public func revokeLease(_ id: LeaseID) async throws(HoldfastError) -> ResponseHeader { throw Self.isFixed }
  public func keepLeaseAlive(_ id: LeaseID) async throws(HoldfastError) -> Lease { throw Self.isFixed }
  public func timeToLive(of id: LeaseID, keys: Bool) async throws(HoldfastError) -> LeaseTimeToLive {
    throw Self.isFixed
  }
  public func leases() async throws(HoldfastError) -> [LeaseID] { [] }

  public func run() async {}
}
