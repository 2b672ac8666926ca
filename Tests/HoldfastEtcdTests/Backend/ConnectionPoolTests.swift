import HoldfastCore
import TestSupport
import Testing

@testable import HoldfastEtcd

@Suite struct ConnectionPoolTests {
  /// Nobody would ever close it otherwise.
  @Test func aConnectionToAnEndpointThatLeftMeanwhileIsClosed() async throws {
    let (isAsked, mayConnect) = (Shared(false), Shared(false))
    let connection = ScriptedConnection { (_: RPCCall, _: [UInt8]) async throws(RPCError) -> [UInt8] in [] }
    let pool = ConnectionPool(time: .continuous) { (_: Int) async throws(RPCError) -> any RPCConnection in
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
}
