internal import NIOCore

/// Forwarding: one task for each direction of each connection.
extension TCPProxy {
  @Sendable
  func relay(_ client: LoopbackConnection) async throws {
    try await client.executeThenClose { fromClient, toClient in
      try await resettingOnFailure(client) {
        let server = try await LoopbackListener.connect(to: target)
        try await server.executeThenClose { fromServer, toServer in
          try await resettingOnFailure(client) {
            try listener.links.join(client.channel, with: server.channel)
            try await withThrowingTaskGroup(of: Void.self) { group in
              group.addTask { try await self.pump(from: fromClient, to: toServer, .toServer) }
              group.addTask { try await self.pump(from: fromServer, to: toClient, .toClient) }
              // The first failure ends both directions; two orderly ends end the connection.
              while try await group.next() != nil {}
            }
          }
        }
      }
    }
  }

  /// What broke one side must not look like an orderly end on the other one, which is how leaving the scope of a
  /// connection closes it.
  private func resettingOnFailure(_ client: LoopbackConnection, _ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch {
      await listener.links.close(client.channel, .reset)
      throw error
    }
  }

  private func pump(
    from inbound: NIOAsyncChannelInboundStream<ByteBuffer>, to outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>,
    _ direction: Direction
  ) async throws {
    for try await bytes in inbound {
      try await valves[direction]?.pass()
      try await outbound.write(bytes)
    }
    try await valves[direction]?.pass()
    outbound.finish()
  }
}
