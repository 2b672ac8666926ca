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
              group.addTask { try await self.pump(.toServer, from: fromClient, to: toServer) }
              group.addTask { try await self.pump(.toClient, from: fromServer, to: toClient) }
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
    _ direction: Direction, from inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
    to outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  ) async throws {
    let lane = lane(direction)
    var scanner = FrameScanner(after: lane.injection?.id ?? 0)
    for try await read in inbound {
      // A delay is something else than a wait for a condition: it is the fault itself.
      if lane.delay > .zero { try await Task.sleep(for: lane.delay) }
      let bytes = direction == .toClient ? scanner.pass(read, lane.injection) : read
      for var piece in lane.pieces(bytes) {
        try await lane.valve.pass()
        let (allowed, isCut) = lane.spend(piece.readableBytes)
        if let allowed = piece.readSlice(length: allowed), allowed.readableBytes > 0 {
          try await outbound.write(allowed)
        }
        if isCut { throw LinkTable.WasCut() }
      }
    }
    try await lane.valve.pass()
    outbound.finish()
  }
}
