internal import NIOCore

/// Runs a server on a loopback port that sends back what it receives and closes when its peer has finished sending.
package func withEchoServer<R>(body: (_ port: Int) async throws -> R) async throws -> R {
  let listener = try await LoopbackListener.started()
  let echo: @Sendable (LoopbackConnection) async throws -> Void = { connection in
    try await connection.executeThenClose { inbound, outbound in
      for try await bytes in inbound { try await outbound.write(bytes) }
      outbound.finish()
    }
  }
  return try await listener.whileServing(echo) { try await body(listener.port) }
}
