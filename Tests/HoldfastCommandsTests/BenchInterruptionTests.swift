import Holdfast
import HoldfastEmbedded
import Synchronization
import TestSupport
import Testing

/// What becomes of a write that is under way when bench is interrupted.
@Suite struct BenchInterruptionTests {
  /// Given up it might be applied after what was written has been deleted.
  @Test func aWriteIsNotGivenUp() async throws {
    let backend = HoldingBackend()
    try await withThrowingTaskGroup(of: ToolResult.self) { group in
      group.addTask { await holdfast("bench", "--operations", "1", "--keys", "4", on: backend) }
      try await eventually(within: .seconds(60)) { backend.holds }
      group.cancelAll()
      backend.release()
      let result = try #require(try await group.next())
      #expect(result.code != 0 && result.output.isEmpty && !result.errors.contains("may be left"), "\(result)")
    }
    #expect(backend.wasGivenUp == false)
    #expect(try await backend.engine.range(RangeRequest(.all)).keyValues.isEmpty)
  }
}

/// Holds the second write back, which is the first that is measured, and sees whether who waits for it is cancelled.
private final class HoldingBackend: Backend {
  let engine = EmbeddedEngine()
  private let state = Mutex((writes: 0, wasGivenUp: Bool?.none))
  private let gate = AsyncStream<Void>.makeStream()

  var limits: BackendLimits { engine.limits }
  var holds: Bool { state.withLock { $0.writes == 2 } }
  var wasGivenUp: Bool? { state.withLock { $0.wasGivenUp } }

  func release() { gate.continuation.yield() }

  private func write() async {
    let isHeld = state.withLock { state in
      state.writes += 1
      return state.writes == 2
    }
    guard isHeld else { return }
    // Ends when the task is cancelled, too.
    for await _ in gate.stream { break }
    state.withLock { $0.wasGivenUp = Task.isCancelled }
  }

  func put(_ request: PutRequest) async throws(HoldfastError) -> PutResponse { try await engine.put(request) }
  func transact(_ request: TransactionRequest) async throws(HoldfastError) -> TransactionResponse {
    // All that a store does is a transaction.
    if case .put? = request.success.first { await write() }
    return try await engine.transact(request)
  }
  func range(_ request: RangeRequest) async throws(HoldfastError) -> RangeResponse { try await engine.range(request) }
  func deleteRange(_ request: DeleteRangeRequest) async throws(HoldfastError) -> DeleteRangeResponse {
    try await engine.deleteRange(request)
  }
  func compact(_ request: CompactRequest) async throws(HoldfastError) -> ResponseHeader {
    try await engine.compact(request)
  }
  func watch(_ request: WatchRequest) -> WatchUpdates { engine.watch(request) }
  func grantLease(id: LeaseID?, ttl: Duration) async throws(HoldfastError) -> Lease {
    try await engine.grantLease(id: id, ttl: ttl)
  }
  func revokeLease(_ id: LeaseID) async throws(HoldfastError) -> ResponseHeader { try await engine.revokeLease(id) }
  func keepLeaseAlive(_ id: LeaseID) async throws(HoldfastError) -> Lease { try await engine.keepLeaseAlive(id) }
  func timeToLive(of id: LeaseID, keys: Bool) async throws(HoldfastError) -> LeaseTimeToLive {
    try await engine.timeToLive(of: id, keys: keys)
  }
  func leases() async throws(HoldfastError) -> [LeaseID] { try await engine.leases() }
  func status() async throws(HoldfastError) -> BackendStatus { try await engine.status() }
  func run() async { await engine.run() }
}
