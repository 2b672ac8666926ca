package import HoldfastEtcd
package import NIOCore
package import NIOHPACK
internal import NIOHTTP2
internal import NIOPosix

/// An HTTP/2 server in this process whose every answer a test writes down: what it does is decided by the call's path.
package final class ScriptedServer: Sendable {
  /// What reaches the server, for tests that wait for it.
  package enum Event: Sendable, Equatable {
    case request(path: String)
    case message([UInt8])
    case reset(path: String, code: Int)
    case ping
    case connectionClosed
  }

  /// What a script is called for.
  package enum Cue: Sendable {
    /// The request's headers are there.
    case start(HPACKHeaders)
    case message([UInt8])
    /// The client ended its side.
    case end
  }

  package typealias Script = @Sendable (Cue, Responder) -> Void

  package let endpoint: Endpoint
  package let events: AsyncStream<Event>
  private let channel: any Channel
  private let connections: ChannelList

  /// Listens on a free port of the loopback address.
  package static func start(
    maximumStreams: Int = 1_000, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
    unixPath: String? = nil, speaksHTTP2: Bool = true, script: @escaping Script = { _, _ in }
  ) async throws -> ScriptedServer {
    let (events, continuation) = AsyncStream.makeStream(of: Event.self)
    let connections = ChannelList()
    let bootstrap = ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        connections.append(channel)
        channel.closeFuture.whenComplete { _ in continuation.yield(.connectionClosed) }
        guard speaksHTTP2 else {
          // What a stopped process is to its clients: the kernel accepts, nobody reads.
          return channel.setOption(.autoRead, value: false)
        }
        return channel.eventLoop.makeCompletedFuture {
          try configure(channel, maximumStreams: maximumStreams, continuation: continuation, script: script)
        }
      }
    if let unixPath {
      let channel = try await bootstrap.bind(unixDomainSocketPath: unixPath).get()
      return ScriptedServer(
        endpoint: try Endpoint("unix://\(unixPath)"), events: events, channel: channel, connections: connections)
    }
    let channel = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
    let endpoint = try Endpoint("http://127.0.0.1:\(channel.localAddress?.port ?? 0)")
    return ScriptedServer(endpoint: endpoint, events: events, channel: channel, connections: connections)
  }

  private init(endpoint: Endpoint, events: AsyncStream<Event>, channel: any Channel, connections: ChannelList) {
    self.endpoint = endpoint
    self.events = events
    self.channel = channel
    self.connections = connections
  }

  /// Stops listening and closes every connection.
  package func stop() async {
    for connection in connections.takeAll() { connection.close(promise: nil) }
    try? await channel.close().get()
  }

  /// Waits for an event: those that came before are skipped.
  package func waits(for event: Event) async -> Bool {
    for await seen in events where seen == event { return true }
    return false
  }

  /// Waits for either of two events. True for the first.
  package func waits(for event: Event, until other: Event) async -> Bool {
    for await seen in events where seen == event || seen == other { return seen == event }
    return false
  }

  private static func configure(
    _ channel: any Channel, maximumStreams: Int, continuation: AsyncStream<Event>.Continuation,
    script: @escaping Script
  ) throws {
    var configuration = NIOHTTP2Handler.ConnectionConfiguration()
    configuration.initialSettings = [HTTP2Setting(parameter: .maxConcurrentStreams, value: maximumStreams)]
    configuration.maximumSequentialEmptyDataFrames = 1_000
    // Tests do in a second what NIOHTTP2 takes for an attack.
    configuration.controlFrameRateLimit.maximumCount = 100_000
    var streams = NIOHTTP2Handler.StreamConfiguration()
    streams.streamResetFrameRateLimit.maximumCount = 100_000
    streams.streamErrorRateLimit.maximumCount = 100_000
    let handler = NIOHTTP2Handler(
      mode: .server, eventLoop: channel.eventLoop, connectionConfiguration: configuration,
      streamConfiguration: streams
    ) { stream in
      stream.eventLoop.makeCompletedFuture {
        try stream.pipeline.syncOperations.addHandler(ScriptHandler(continuation: continuation, script: script))
      }
    }
    try channel.pipeline.syncOperations.addHandlers([handler, PingObserver(continuation: continuation)])
  }
}

/// Tells of the client's PINGs. NIOHTTP2 has answered them then.
private final class PingObserver: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame

  private let continuation: AsyncStream<ScriptedServer.Event>.Continuation

  init(continuation: AsyncStream<ScriptedServer.Event>.Continuation) {
    self.continuation = continuation
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .ping(_, ack: false) = unwrapInboundIn(data).payload { continuation.yield(.ping) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // Clients that break the rules are part of the tests.
  }
}
