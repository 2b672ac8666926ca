internal import NIOCore
internal import NIOPosix
internal import Synchronization

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A connection whose reads and writes are awaited, so that a slow side slows the other one down.
typealias LoopbackConnection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

/// Listens on a loopback port, stops and starts again, and serves each connection in a structured task.
final class LoopbackListener: Sendable {
  let port: Int
  let links = LinkTable()

  private let socket = Mutex<(any Channel)?>(nil)
  private let accepted = AsyncStream.makeStream(of: (any Channel).self)

  private init(port: Int) {
    self.port = port
  }

  static func started() async throws -> LoopbackListener {
    for _ in 0..<5 {
      let listener = LoopbackListener(port: try await LoopbackPorts.free())
      // Somebody else may have been quicker.
      if (try? await listener.start()) != nil { return listener }
    }
    throw EtcdFixtureError("no free port to listen on")
  }

  func start() async throws {
    guard socket.withLock({ $0 == nil }) else { return }
    let bound = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      // Nothing is read before there is somebody to read it.
      .childChannelOption(.autoRead, value: false)
      .childChannelInitializer { [links, accepted] channel in
        channel.eventLoop.makeCompletedFuture {
          try links.add(channel)
          try channel.pipeline.syncOperations.addHandler(Announcer(accepted.continuation))
        }
      }
      .bind(host: "127.0.0.1", port: port).get()
    socket.withLock { $0 = bound }
  }

  func stop() async throws {
    guard let bound = socket.withLock({ $0.take() }) else { return }
    try await bound.eventLoop.flatSubmit {
      // A process that is being started this moment holds a copy of the socket until it runs its program, and the kernel
      // would go on accepting for it: shutting down ends that for every copy.
      try? bound.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
        _ = shutdown($0, Int32(SHUT_RDWR))
      }
      return bound.close()
    }.get()
  }

  /// Serves for as long as the body takes, then resets what is still open.
  func whileServing<R>(
    _ handle: @escaping @Sendable (LoopbackConnection) async throws -> Void, _ body: () async throws -> R
  ) async throws -> R {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await self.serve(handle) }
      let result: Result<R, any Error>
      do {
        result = .success(try await body())
      } catch {
        result = .failure(error)
      }
      try? await stop()
      await links.closeAll(.reset, forGood: true)
      accepted.continuation.finish()
      group.cancelAll()
      return try result.get()
    }
  }

  /// An error of one connection concerns nobody but its peers.
  private func serve(_ handle: @escaping @Sendable (LoopbackConnection) async throws -> Void) async {
    await withDiscardingTaskGroup { group in
      for await channel in accepted.stream {
        group.addTask {
          defer { self.links.remove(channel) }
          guard let connection = try? await Self.wrap(accepted: channel) else { return }
          try? await handle(connection)
        }
      }
    }
  }

  static func connect(to port: Int) async throws -> LoopbackConnection {
    try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(.seconds(5))
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture { try wrap(channel) }
      }
  }

  /// Wrapped only now, by the task that will run it: swift-nio ends the program when a wrapped connection is dropped
  /// without having been run, as those are that wait to be served when their listener ends.
  private static func wrap(accepted channel: any Channel) async throws -> LoopbackConnection {
    try await channel.eventLoop.submit {
      // A closed channel takes no handlers any more, which would be another wrapped connection dropped.
      guard channel.isActive else { throw LinkTable.WasCut() }
      let connection = try wrap(channel)
      channel.setOption(.autoRead, value: true).whenFailure { _ in channel.close(promise: nil) }
      return connection
    }.get()
  }

  /// Half-closing is passed on: a side that has finished sending may still receive.
  private static func wrap(_ channel: any Channel) throws -> LoopbackConnection {
    try LoopbackConnection(
      wrappingChannelSynchronously: channel,
      configuration: .init(isOutboundHalfClosureEnabled: true))
  }
}

/// Hands a connection over when its socket is ready, which it is not yet when the initializer runs.
private final class Announcer: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let accepted: AsyncStream<any Channel>.Continuation

  init(_ accepted: AsyncStream<any Channel>.Continuation) {
    self.accepted = accepted
  }

  func channelActive(context: ChannelHandlerContext) {
    accepted.yield(context.channel)
    context.fireChannelActive()
  }
}
