import HoldfastCore
import HoldfastEtcdMachines
import HoldfastEtcdProtos
import SwiftProtobuf

/// The stream of one watch; its end gives the connection back.
final class WatchStream: Sendable {
  /// What there is to learn while a watch waits.
  enum News: Sendable {
    /// A message, or nil for the stream's end.
    case message([UInt8]?)
    case identity(MemberIdentity?)
  }

  let stream: any RPCStream
  let turn: EndpointMachine.Turn
  let connection: PooledConnection
  let token: AuthenticationToken?
  private let pool: ConnectionPool

  init(
    _ stream: any RPCStream, _ turn: EndpointMachine.Turn, _ connection: PooledConnection, _ pool: ConnectionPool,
    _ token: AuthenticationToken?
  ) {
    self.token = token
    self.stream = stream
    self.turn = turn
    self.connection = connection
    self.pool = pool
  }

  deinit {
    stream.cancel()
    pool.release(connection)
  }

  /// The next message, or before it the member that serves the connection. A message is never lost, and not delayed: it ends
  /// the question, which is then asked again in another silence.
  func messageOrIdentity(within limit: Duration) async throws(RPCError) -> News {
    let (first, second) = await withTaskGroup(of: Outcome.self) { group in
      group.addTask { await self.message(within: limit) }
      group.addTask { .identity(await self.connection.identity { await self.askForIdentity(within: limit) }) }
      let first = await group.next()
      group.cancelAll()
      return (first, await group.next())
    }
    switch (first, second) {
    case (.message(let message), _): return .message(message)
    case (.failed(let error), _): throw error
    // Cancelling comes too late where something is there already.
    case (.identity, .message(let message)): return .message(message)
    case (.identity, .failed(let error)) where error.code != .cancelled: throw error
    case (.identity(let identity), _): return .identity(identity)
    case (nil, _): return .identity(nil)
    }
  }

  private enum Outcome: Sendable {
    case message([UInt8]?)
    case failed(RPCError)
    case identity(MemberIdentity?)
  }

  private func message(within limit: Duration) async -> Outcome {
    do throws(RPCError) {
      return .message(try await stream.next(timeout: limit))
    } catch {
      return .failed(error)
    }
  }

  /// Nil for whatever goes wrong, the lack of a permission too: then its progress is just not trusted.
  private func askForIdentity(within limit: Duration) async -> MemberIdentity? {
    let call = RPCCall(path: EtcdMethod.status.rawValue, timeout: limit)
    guard let request: [UInt8] = try? Etcdserverpb_StatusRequest().serializedBytes(),
      let bytes = try? await connection.connection.unary(call, request),
      let answer = try? Etcdserverpb_StatusResponse(serializedBytes: bytes),
      let version = ServerVersion(answer.version)
    else { return nil }
    return MemberIdentity(memberID: answer.header.memberID, version: version)
  }
}
