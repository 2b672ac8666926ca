import NIOCore

/// One HTTP/2 connection to one endpoint, speaking gRPC.
///
/// All of its work is done on one event loop. Callers meet that loop twice in a call: once to hand the request over and
/// once to be resumed with the answer.
package final class HTTP2Connection: RPCConnection {
  /// Where it is connected to.
  package let endpoint: Endpoint

  private let channel: any Channel
  private let eventLoop: any EventLoop
  private let multiplexer: NIOLoopBound<HTTP2Multiplexer>
  private let flag: ConnectionFlag
  private let maximumMessageSize: Int
  private let userAgent: String

  var allocator: ByteBufferAllocator { channel.allocator }

  init(endpoint: Endpoint, opened: ConnectAttempt.Opened, configuration: TransportConfiguration) {
    self.endpoint = endpoint
    channel = opened.channel
    eventLoop = opened.channel.eventLoop
    multiplexer = opened.multiplexer
    flag = opened.flag
    maximumMessageSize = configuration.maximumMessageSize
    userAgent = configuration.userAgent
  }

  deinit {
    let multiplexer = self.multiplexer
    eventLoop.execute { Self.close(multiplexer.value.state) }
  }

  private static func close(_ state: ConnectionState) {
    state.closeGently(reason: "it was closed on this side", within: .seconds(4))
  }

  package var isUsable: Bool { flag.isUsable }

  package func unary(_ call: RPCCall, _ message: [UInt8]) async throws(RPCError) -> [UInt8] {
    let deadline = try check(call)
    let handler = UnaryCallHandler(
      headers: try GRPCHeaders.request(call, to: endpoint, userAgent: userAgent),
      message: try GRPCFraming.frame(message, allocator: allocator),
      deadline: deadline, runsToItsEnd: call.runsToItsEnd, limit: maximumMessageSize, eventLoop: eventLoop)
    let multiplexer = self.multiplexer
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        eventLoop.execute { handler.start(continuation, on: multiplexer.value) }
      }
    } onCancel: {
      handler.cancel()
    }
    return try result.get()
  }

  package func open(_ call: RPCCall) async throws(RPCError) -> any RPCStream {
    let deadline = try check(call)
    let handler = StreamHandler(
      headers: try GRPCHeaders.request(call, to: endpoint, userAgent: userAgent),
      deadline: deadline, limit: maximumMessageSize, eventLoop: eventLoop)
    // Not cancellable: it waits for the event loop only, and a stream that nobody takes is reset by its deinit.
    let multiplexer = self.multiplexer
    let result = await withCheckedContinuation { continuation in
      eventLoop.execute { handler.start(continuation, on: multiplexer.value) }
    }
    try result.get()
    return HTTP2Stream(handler: handler, connection: self)
  }

  package func close() async {
    let multiplexer = self.multiplexer
    eventLoop.execute { Self.close(multiplexer.value.state) }
    await withCheckedContinuation { continuation in
      channel.closeFuture.whenComplete { _ in continuation.resume() }
    }
  }

  /// Refuses what need not be tried, and says when the call has to be over.
  private func check(_ call: RPCCall) throws(RPCError) -> NIODeadline? {
    guard !Task.isCancelled else { throw .cancelledLocally(.notProcessed) }
    guard flag.isUsable else {
      throw RPCError(.unavailable, "The connection to \(endpoint) takes no new calls.", progress: .notProcessed)
    }
    guard let timeout = call.timeout else { return nil }
    guard timeout > .zero else { throw .deadlinePassed(.notProcessed) }
    return .now() + TimeAmount(limiting: timeout)
  }
}
