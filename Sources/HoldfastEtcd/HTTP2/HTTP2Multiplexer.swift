import NIOCore
import NIOHPACK
import NIOHTTP2

/// The streams of a connection. Everything happens on the event loop.
///
/// NIOHTTP2 speaks the protocol, frame by frame. Its own multiplexer makes a channel with a pipeline of each stream, which costs more
/// than all the rest of a call. Here a stream is an entry of a table.
final class HTTP2Multiplexer: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame
  /// Those of the connection itself.
  typealias InboundOut = HTTP2Frame
  typealias OutboundOut = HTTP2Frame

  let state: ConnectionState
  let streamWindow: Int
  private let connectionWindow: Int
  private var connectionReceives: HTTP2ReceiveWindow

  private let outbox = HTTP2Outbox()
  private var context: ChannelHandlerContext?
  private var isFlushScheduled = false
  /// This side has said GOAWAY, which NIOHTTP2 does when the server breaks the rules.
  private var hasGone = false

  private var streams: [HTTP2StreamID: HTTP2StreamState] = [:]
  private var nextNumber: HTTP2StreamID = 1
  /// Those that the current read of the socket brought something for.
  private var touched: [HTTP2StreamState] = []

  /// - Parameter connectionWindow: At least that of the standard, which nobody can make smaller.
  init(state: ConnectionState, streamWindow: Int, connectionWindow: Int) {
    self.state = state
    self.streamWindow = min(streamWindow, Int(Int32.max))
    self.connectionWindow = min(max(connectionWindow, Self.initialWindow), Int(Int32.max))
    connectionReceives = HTTP2ReceiveWindow(Self.initialWindow)
  }

  /// The window with which every connection begins.
  private static let initialWindow = 65_535

  /// Puts HTTP/2 into the pipeline: bytes in front, and behind it the frames that concern the connection as a whole.
  func install(in pipeline: ChannelPipeline.SynchronousOperations) throws {
    try pipeline.addHandler(outbox)
    try pipeline.addHandler(NIOHTTP2Handler.client(streamWindow: streamWindow, delegate: self))
    try pipeline.addHandler(self)
  }

  // MARK: - Streams

  /// Begins the stream, now or when the server allows one more.
  ///
  /// - Parameter request: Of a unary call: its only message, which ends our side.
  func open(_ stream: HTTP2StreamState, request: ByteBuffer? = nil) {
    state.streamOpened(runsToItsEnd: stream.runsToItsEnd)
    stream.number = nextNumber
    nextNumber = nextNumber.advanced(by: 2)
    streams[stream.number] = stream
    guard context != nil else { return lose(stream, .connectionClosed) }
    write(.headers(.init(headers: stream.headers)), stream.number)
    guard let request, !stream.isOver else { return }
    // What has begun is followed by its request; of what waits its turn that has to be told.
    let promise = stream.isBegun ? nil : promise(for: stream)
    write(.data(.init(data: .byteBuffer(request), endStream: true)), stream.number, promise)
  }

  /// Writes a message on a stream of messages. The owner is told when it was handed to the socket.
  func send(_ message: ByteBuffer, on stream: HTTP2StreamState) {
    guard !stream.isOver, let promise = promise(for: stream) else { return }
    promise.futureResult.assumeIsolated().whenSuccess { stream.owner?.written() }
    write(.data(.init(data: .byteBuffer(message), endStream: false)), stream.number, promise)
  }

  /// Of a message. When it cannot be written the stream is lost, for the reason that is given first.
  private func promise(for stream: HTTP2StreamState) -> EventLoopPromise<Void>? {
    guard let eventLoop = context?.eventLoop else { return nil }
    let promise = eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenFailure { error in
      // A better one may be on its way: that the server has reset the stream, or is gone.
      eventLoop.assumeIsolated().execute { self.fail(stream, "\(error)") }
    }
    return promise
  }

  /// What was to be sent cannot be, or what came makes no sense: one stream's matter.
  private func fail(_ stream: HTTP2StreamState, _ reason: String) {
    guard !stream.isOver else { return }
    lose(stream, .failed(reason))
    guard stream.isBegun else { return }
    // The server would wait for the rest for ever.
    write(.rstStream(.internalError), stream.number)
    // NIOHTTP2 may be about to write what was flushed before.
    context?.flush()
  }

  /// The owner has taken what came, or waits for more.
  func openWindow(of stream: HTTP2StreamState) {
    guard !stream.isOver, !stream.isEnded, let increment = stream.receives.increment(to: streamWindow) else { return }
    write(.windowUpdate(windowSizeIncrement: increment), stream.number)
  }

  /// Tells the server that nobody waits any more, and lets go of the stream. Its owner is told nothing.
  func reset(_ stream: HTTP2StreamState) {
    guard !stream.isOver else { return }
    remove(stream)
    // Of a stream that still waits for its turn the server never hears.
    if !stream.isEnded || !stream.isUnary || !stream.isWritten { write(.rstStream(.cancel), stream.number) }
  }

  private func remove(_ stream: HTTP2StreamState) {
    stream.isOver = true
    stream.owner = nil
    streams[stream.number] = nil
    state.streamClosed(runsToItsEnd: stream.runsToItsEnd)
  }

  private func lose(_ stream: HTTP2StreamState, _ loss: HTTP2Loss) {
    guard !stream.isOver else { return }
    let owner = stream.owner
    remove(stream)
    owner?.lost(loss)
  }

  /// In the order in which they began.
  private func lose(_ loss: HTTP2Loss, where isLost: (HTTP2StreamState) -> Bool) {
    for stream in streams.values.filter(isLost).sorted(by: { $0.number < $1.number }) {
      // So that it is not sent once there is room.
      if !stream.isBegun { write(.rstStream(.cancel), stream.number) }
      lose(stream, loss)
    }
  }

  // MARK: - Writing

  private func write(
    _ payload: HTTP2Frame.FramePayload, _ stream: HTTP2StreamID, _ promise: EventLoopPromise<Void>? = nil
  ) {
    guard let context else { return promise?.fail(ChannelError.ioOnClosedChannel) ?? () }
    context.write(wrapOutboundOut(HTTP2Frame(streamID: stream, payload: payload)), promise: promise)
    // What waits for the socket must not mix flushed frames and others: NIOHTTP2 then writes the DATA of a call that waits for its turn
    // before its HEADERS, and drops it.
    if !context.channel.isWritable { return context.flush() }
    // At the end of this turn: tasks that are enqueued on the loop itself run after those that are due, and before it waits for the
    // kernel. Calls that begin together would each be a `write`.
    guard !isFlushScheduled else { return }
    isFlushScheduled = true
    context.eventLoop.assumeIsolated().execute {
      self.isFlushScheduled = false
      self.context?.flush()
    }
  }

  // MARK: - The connection

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    lose(.connectionClosed) { _ in true }
  }

  func channelActive(context: ChannelHandlerContext) {
    let more = connectionWindow - Self.initialWindow
    if more > 0 {
      connectionReceives.isOpening = true
      write(.windowUpdate(windowSizeIncrement: more), .rootStream)
    }
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.context = nil
    // First those who know why.
    context.fireChannelInactive()
    lose(.connectionClosed) { _ in true }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? NIOHTTP2Errors.StreamError else {
      context.fireErrorCaught(error)
      // The server was told that we go, and what more it says is not read: nothing would ever complete.
      if hasGone { state.close(reason: "\(error)") }
      return
    }
    if let stream = streams[error.streamID] { fail(stream, "\(error.baseError)") }
  }

  // MARK: - Receiving

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    switch frame.payload {
    case .data(let content):
      guard let stream = streams[frame.streamID], case .byteBuffer(let bytes) = content.data else { return }
      stream.isEnded = content.endStream
      stream.owner?.received(bytes, isLast: content.endStream)
      touch(stream)
    case .headers(let content):
      guard let stream = streams[frame.streamID] else { return }
      if content.endStream, content.headers.areInformational {
        // To NIOHTTP2 it goes on, and would count as open for ever.
        return fail(stream, "an informational answer ended the stream")
      }
      stream.isEnded = content.endStream
      stream.owner?.received(content.headers, isLast: content.endStream)
      touch(stream)
    case .rstStream(let reason):
      if let stream = streams[frame.streamID] { lose(stream, .reset(reason)) }
    case .goAway(let last, _, _):
      context.fireChannelRead(data)
      lose(.excluded) { $0.number > last || !$0.isBegun }
    case .settings: context.fireChannelRead(data)
    default: break
    }
  }

  /// After the owner was told, who may have reset it.
  private func touch(_ stream: HTTP2StreamState) {
    if stream.isEnded {
      if !stream.isOver { remove(stream) }
    } else if !stream.isTouched {
      stream.isTouched = true
      touched.append(stream)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    let touched = self.touched
    self.touched.removeAll(keepingCapacity: true)
    for stream in touched {
      stream.isTouched = false
      if stream.isUnary { openWindow(of: stream) } else { stream.owner?.receivedBatch() }
    }
    // It opens on arrival: a slow stream stops itself and nobody else.
    if let increment = connectionReceives.increment(to: connectionWindow) {
      write(.windowUpdate(windowSizeIncrement: increment), .rootStream)
    }
    context.fireChannelReadComplete()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case let event as NIOHTTP2WindowUpdatedEvent:
      if let window = event.inboundWindowSize { windowChanged(of: event.streamID, to: window) }
    case let event as StreamClosedEvent:
      // Resets and GOAWAY were told already. What is left are answers that NIOHTTP2 has found to be against the rules.
      guard let stream = streams[event.streamID] else { return }
      lose(stream, .failed(event.reason.map { "\($0)" } ?? "it was closed"))
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  private func windowChanged(of number: HTTP2StreamID, to window: Int) {
    if number == .rootStream {
      connectionReceives.size = window
    } else if let stream = streams[number] {
      stream.receives.size = window
    }
  }
}

extension HTTP2Multiplexer: NIOHTTP2FrameDelegate {
  /// A frame is on its way to the socket, maybe one that waited for its turn or for windows.
  func wroteFrame(_ frame: HTTP2Frame) {
    switch frame.payload {
    // gRPC-Go asks for one with nearly every request that it reads, to learn how fast the network is. An answer by itself would be a
    // write for each call, and wake the server.
    case .ping(_, ack: true): return
    case .headers: streams[frame.streamID]?.isBegun = true
    case .data(let content) where content.endStream: streams[frame.streamID]?.isWritten = true
    case .windowUpdate(let increment):
      if frame.streamID == .rootStream {
        connectionReceives.opened(by: increment)
      } else {
        streams[frame.streamID]?.receives.opened(by: increment)
      }
    case .goAway: hasGone = true
    default: break
    }
    outbox.isUrgent = true
  }
}
