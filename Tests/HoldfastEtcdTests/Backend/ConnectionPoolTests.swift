import HoldfastCore
import HoldfastEtcdMachines
import TestSupport
import Testing

@testable import HoldfastEtcd

@Suite struct ConnectionPoolTests {
  /// Nobody would ever close it otherwise.
  @Test func aConnectionToAnEndpointThatLeftMeanwhileIsClosed() async throws {
    let (isAsked, mayConnect) = (Shared(false), Shared(false))
    let connection = ScriptedConnection { (_: RPCCall, _: [UInt8]) async throws(RPCError) -> [UInt8] in [] }
    let pool = ConnectionPool(time: .continuous, name: { "endpoint \($0)" }) {
      (_: Int) async throws(RPCError) -> any RPCConnection in
      isAsked.withLock { $0 = true }
      try? await eventually("it may connect") { mayConnect.value }
      return connection
    }
    let call = Task { try await pool.acquire(0, within: .seconds(60)) }
    try await eventually("it connects") { isAsked.value }
    pool.retire(except: [1])
    mayConnect.withLock { $0 = true }
    let acquired = try await call.value
    #expect(connection.isUsable, "the call that waited for it has it")
    pool.release(acquired)
    try await eventually("it is closed") { !connection.isUsable }
  }

  @Test func whoConnectsForTooLongIsNamed() async throws {
    let pool = ConnectionPool(time: .continuous, name: { "etcd-\($0)" }) {
      (_: Int) async throws(RPCError) -> any RPCConnection in
      // Nothing ever comes; it ends when it is cancelled.
      let (stream, continuation) = AsyncStream<Void>.makeStream()
      for await _ in stream {}
      continuation.finish()
      throw .cancelledLocally(.notProcessed)
    }
    do {
      pool.release(try await pool.acquire(7, within: .milliseconds(1)))
      Issue.record("there is a connection")
    } catch {
      guard case .failed(let failure) = error else { throw error }
      #expect(failure.message == "no connection to etcd-7 in time")
    }
  }
}
