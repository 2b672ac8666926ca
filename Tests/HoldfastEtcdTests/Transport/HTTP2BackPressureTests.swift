import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2
import Testing

@testable import HoldfastEtcd

extension TransportTests {
  /// The streams of a connection whose socket takes nothing for a while, and ends that come in the middle of something.
  @Suite struct BackPressure {
    private func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    @Test func windowsThatWaitAreNotOpenedAgain() throws {
      let peer = try HTTP2Peer(streamWindow: 60_000, connectionWindow: 65_535)
      peer.call()
      _ = try peer.sent()
      peer.setWritable(false)
      try peer.sendHeaders([":status": "200"], stream: 1)
      for _ in 0..<6 { try peer.send(type: 0, stream: 1, payload: zeros(10_000)) }
      #expect(try peer.sent().isEmpty)
      peer.setWritable(true)
      let updates = try peer.sent().filter { $0.type == 8 }
      for stream in [0, 1] as [UInt32] {
        let increments = updates.filter { $0.stream == stream }.map { peer.number($0.payload) }
        #expect((1...2).contains(increments.count), "\(increments)")
        #expect(increments.reduce(0, +) <= 60_000, "more than came: \(increments)")
      }
      // Nothing is forgotten either: more than both windows still comes through.
      for _ in 0..<20 {
        try peer.send(type: 0, stream: 1, payload: zeros(10_000))
        _ = try peer.sent()
      }
      #expect(peer.channel.isActive)
    }

    @Test func aStreamThatReadsSlowlyOpensItsWindowOnce() throws {
      let peer = try HTTP2Peer(streamWindow: 1_000)
      let (stream, _) = peer.stream()
      _ = try peer.sent()
      try peer.sendHeaders([":status": "200"], stream: 1)
      try peer.send(type: 0, stream: 1, payload: zeros(600))
      peer.setWritable(false)
      peer.multiplexer.openWindow(of: stream)
      try peer.send(type: 0, stream: 1, payload: zeros(300))
      peer.multiplexer.openWindow(of: stream)
      peer.setWritable(true)
      #expect(try peer.sent().map { peer.number($0.payload) } == [600])
      peer.multiplexer.openWindow(of: stream)
      #expect(try peer.sent().isEmpty, "700 of 1,000 are open")
    }

    @Test func oneReadOpensTheConnectionsWindowOnce() throws {
      let peer = try HTTP2Peer(streamWindow: 65_535, connectionWindow: 65_535)
      peer.call()
      _ = try peer.sent()
      try peer.sendHeaders([":status": "200"], stream: 1)
      try peer.send((0..<6).flatMap { _ in peer.frame(0, 0, 1, zeros(10_000)) })
      let updates = try peer.sent().filter { $0.stream == 0 }
      #expect(updates.map { peer.number($0.payload) } == [60_000])
    }

    @Test func anOpenedWindowIsNotOpenedAgain() throws {
      let peer = try HTTP2Peer(connectionWindow: 1 << 20)
      for _ in 0..<10 { try peer.send(type: 6, flags: 1, payload: zeros(8)) }
      #expect(try peer.sent().isEmpty)
      peer.call()
      _ = try peer.sent()
      try peer.sendHeaders([":status": "200"], stream: 1)
      #expect(try peer.sent().isEmpty)
    }

    /// NIOHTTP2 drops the DATA of a call that waits for its turn when frames of ours come between what was flushed and what was not.
    @Test func windowsThatOpenDisturbNoCallThatWaits() throws {
      let peer = try HTTP2Peer(streamWindow: 1_000)
      peer.call()
      _ = try peer.sent()
      try peer.sendHeaders([":status": "200"], stream: 1)
      peer.setWritable(false)
      let (stream, _) = peer.call()
      #expect(try peer.sent().isEmpty)
      for _ in 0..<2 { try peer.send(type: 0, stream: 1, payload: zeros(500)) }
      try peer.send(type: 6, payload: zeros(8))
      #expect(try peer.sent().isEmpty)
      peer.setWritable(true)
      #expect(try peer.sent().filter { $0.stream == 3 }.map(\.type) == [1, 0])
      #expect(stream.isSent)
    }

    /// The same where the socket is read and written before the turn is over.
    @Test func aReadDisturbsNoCallThatWaits() throws {
      let peer = try HTTP2Peer(streamWindow: 60_000, connectionWindow: 65_535)
      peer.call()
      _ = try peer.sent()
      try peer.sendHeaders([":status": "200"], stream: 1)
      peer.setWritable(false)
      let (stream, _) = peer.call()
      #expect(try peer.sent().isEmpty)
      let data = (0..<4).flatMap { _ in peer.frame(0, 0, 1, zeros(10_000)) }
      peer.channel.pipeline.fireChannelRead(ByteBuffer(bytes: data))
      peer.channel.pipeline.fireChannelReadComplete()
      peer.setWritable(true)
      #expect(try peer.sent().filter { $0.stream == 3 }.map(\.type) == [1, 0])
      #expect(stream.isSent)
    }

    /// Should it be dropped all the same, the call does not wait for ever.
    @Test(arguments: [true, false]) func whatIsDroppedIsTold(isUnary: Bool) throws {
      let peer = try HTTP2Peer()
      peer.setWritable(false)
      let (stream, owner) = isUnary ? peer.call() : peer.stream()
      if !isUnary { peer.multiplexer.send(ByteBuffer(repeating: 7, count: 9), on: stream) }
      #expect(try peer.sent().isEmpty)
      peer.channel.write(HTTP2Frame(streamID: .rootStream, payload: .ping(HTTP2PingData(), ack: false)), promise: nil)
      peer.setWritable(true)
      #expect(try peer.sent().map(\.type).contains(3), "the server does not wait for the rest")
      #expect(owner.events.count == 1)
      #expect(owner.events.first?.hasPrefix("failed") == true, "\(owner.events)")
      #expect(!isUnary || !stream.isSent)
      #expect(peer.state.openStreams == 0)
    }

    /// As a socket does: it has no room any more when so much waits, flushed or not.
    private final class Socket: ChannelOutboundHandler {
      typealias OutboundIn = ByteBuffer
      typealias OutboundOut = ByteBuffer
      var taken = 0

      func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        taken += unwrapOutboundIn(data).readableBytes
        context.write(data, promise: promise)
        guard let channel = context.channel as? EmbeddedChannel, channel.isWritable, taken > 64 << 10 else { return }
        channel.isWritable = false
        context.pipeline.fireChannelWritabilityChanged()
      }
    }

    @Test func aFullSocketIsNotGivenMore() throws {
      let peer = try HTTP2Peer(settings: [(4, 16 << 20)])
      let socket = Socket()
      try peer.channel.pipeline.syncOperations.addHandler(socket, position: .first)
      try peer.send(type: 8, payload: peer.bytes(UInt32(8 << 20)))
      let (stream, _) = peer.call(4_000_000)
      var received = try peer.sent().filter { $0.type == 0 }.map(\.payload.count).reduce(0, +)
      #expect(received > 0)
      #expect(socket.taken < 256 << 10, "it holds \(socket.taken) bytes")
      #expect(!stream.isSent)
      while !peer.channel.isWritable {
        socket.taken = 0
        peer.setWritable(true)
        received += try peer.sent().filter { $0.type == 0 }.map(\.payload.count).reduce(0, +)
        #expect(socket.taken < 256 << 10)
      }
      #expect(received == 4_000_000)
      #expect(stream.isSent)
    }

    // MARK: - Ends

    @Test func whatFailsAfterItBeganIsReset() throws {
      let peer = try HTTP2Peer()
      let (stream, owner) = peer.call(1, headers: ["content-length": "5"])
      #expect(try peer.sent().map(\.type) == [1, 3], "the server need not wait for the rest")
      #expect(owner.events.count == 1)
      #expect(owner.events.first?.hasPrefix("failed") == true)
      #expect(stream.isOver)
      #expect(peer.channel.isActive)
      #expect(peer.state.openStreams == 0)
    }

    /// NIOHTTP2 tells the server that it goes and reads no further, but for what may have crossed our own frames.
    @Test(
      arguments: [(0, 1, true), (1, 1, true), (0, 9, true), (8, 9, true), (8, 1, false), (3, 1, false)]
        as [(UInt8, UInt32, Bool)])
    func whatComesAfterTheEndOfAStream(type: UInt8, stream: UInt32, isOffence: Bool) throws {
      let peer = try HTTP2Peer()
      peer.call()
      let (_, other) = peer.call()
      _ = try peer.sent()
      try peer.sendHeaders([":status": "200", "grpc-status": "0"], stream: 1, isLast: true)
      try peer.send(type: type, flags: 4, stream: stream, payload: type == 1 ? [0x88] : [0, 0, 0, 1])
      #expect(try peer.sent().contains { $0.type == 7 } == isOffence)
      #expect(peer.channel.isActive != isOffence)
      #expect(other.events == (isOffence ? ["connectionClosed"] : []))
      #expect(peer.state.openStreams == (isOffence ? 0 : 1))
    }

    /// Loses the connection in the middle of opening a stream's window, as a write that fails at once does.
    private final class Breaker: ChannelOutboundHandler {
      typealias OutboundIn = HTTP2Frame
      typealias OutboundOut = HTTP2Frame

      func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .windowUpdate = unwrapOutboundIn(data).payload {
          context.fireChannelInactive()
        } else {
          context.write(data, promise: promise)
        }
      }
    }

    /// A connection without a socket, for the handlers of calls, which come from other threads.
    private func connection(
      _ channel: NIOAsyncTestingChannel, breaking: Bool = false
    ) async throws -> NIOLoopBound<HTTP2Multiplexer> {
      let multiplexer = try await channel.testingEventLoop.executeInContext {
        let state = ConnectionState(maximumStreams: 10)
        let multiplexer = HTTP2Multiplexer(state: state, streamWindow: 1_000, connectionWindow: 0)
        try multiplexer.install(in: channel.pipeline.syncOperations)
        if breaking { try channel.pipeline.syncOperations.addHandler(Breaker(), position: .before(multiplexer)) }
        state.becomeReady(usable: true)
        return NIOLoopBound(multiplexer, eventLoop: channel.testingEventLoop)
      }
      try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1))
      return multiplexer
    }

    private func start(
      _ handler: StreamHandler, on multiplexer: NIOLoopBound<HTTP2Multiplexer>, _ loop: NIOAsyncTestingEventLoop
    ) async -> Result<Void, RPCError> {
      await withCheckedContinuation { continuation in
        loop.execute { handler.start(continuation, on: multiplexer.value) }
      }
    }

    @Test func messagesThatCameBeforeALossAreHandedOut() async throws {
      let channel = NIOAsyncTestingChannel()
      let loop = channel.testingEventLoop
      let multiplexer = try await connection(channel, breaking: true)
      let handler = StreamHandler(headers: HTTP2Peer.request, deadline: nil, limit: 10_000, eventLoop: loop)
      try await start(handler, on: multiplexer, loop).get()
      let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0] as [UInt8]
      // ":status: 200" and "content-type: application/grpc".
      let headers = [0, 0, 20, 1, 4, 0, 0, 0, 1, 0x88, 0x0f, 0x10, 16] + Array("application/grpc".utf8)
      let message: [UInt8] = [0, 2, 188, 0, 0, 0, 0, 0, 1] + [0, 0, 0, 2, 183] + zeros(695)
      try await channel.writeInbound(ByteBuffer(bytes: settings + headers + message))
      let received = await withCheckedContinuation { handler.receive($0, token: 1, deadline: nil) }
      #expect(try received.get()?.map(\.count) == [695])
      let next = await withCheckedContinuation { handler.receive($0, token: 2, deadline: nil) }
      #expect(throws: RPCError.self) { try next.get() }
      _ = try? await channel.finish(acceptAlreadyClosed: true)
    }

    @Test func aStreamThatIsLostAtOnceHasNoTimeLimitLeft() async throws {
      let channel = NIOAsyncTestingChannel()
      let loop = channel.testingEventLoop
      let multiplexer = try await connection(channel)
      let deadline = loop.now + .seconds(5)
      let handler = StreamHandler(headers: ["Not A Name": "x"], deadline: deadline, limit: 10, eventLoop: loop)
      let started = await start(handler, on: multiplexer, loop)
      #expect(throws: RPCError.self) { try started.get() }
      await loop.advanceTime(by: .seconds(10))
      let received = await withCheckedContinuation { handler.receive($0, token: 1, deadline: nil) }
      let error = #expect(throws: RPCError.self) { try received.get() }
      #expect(error?.code == .internal, "why it was lost, and not its time limit")
      _ = try? await channel.finish(acceptAlreadyClosed: true)
    }
  }
}
