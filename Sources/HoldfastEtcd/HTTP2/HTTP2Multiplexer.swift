import NIOCore
import NIOHPACK

/// HTTP/2 for a client that speaks gRPC: many streams over one socket. Everything happens on the event loop.
///
/// NIOHTTP2 makes a channel with a pipeline of each stream, which costs more than all the rest of a call. Here a stream is an entry of a
/// table, and what the streams write in one turn of the loop goes to the socket together.
final class HTTP2Multiplexer: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = Event
  typealias OutboundIn = Never
  typealias OutboundOut = ByteBuffer

  /// What the handler behind this one learns of the connection.
  enum Event: Sendable {
    case settings
    case settingsAcknowledged
    case goAway(lastStream: UInt32, HTTP2Reason, text: String)
  }

  let state: ConnectionState
  let streamWindow: Int
  private let connectionWindow: Int

  private(set) var writer: HTTP2FrameWriter
  private var reader: HTTP2FrameReader
  private var context: ChannelHandlerContext?
  private var isFlushScheduled = false
  private var lateFlush: Scheduled<Void>?
  /// The server broke the protocol, or is gone: nothing is read any more.
  private var isBroken = false
  /// PINGs and SETTINGS that were answered while the socket took nothing.
  private var unsentAnswers = 0

  private var streams: [UInt32: HTTP2StreamState] = [:]
  private var nextNumber: UInt32 = 1
  /// Those that the server allows no stream for yet.
  private var waiting = CircularBuffer<HTTP2StreamState>()
  private var maximumStreams = Int.max

  private var sendWindow = HTTP2Wire.defaultWindow
  private var initialSendWindow = HTTP2Wire.defaultWindow
  private var blocked = CircularBuffer<HTTP2StreamState>()
  private var toldWhenWritten: [HTTP2StreamState] = []

  private var receiveWindow: Int
  private var unopened = 0
  private var touched: [HTTP2StreamState] = []

  /// - Parameter connectionWindow: At least that of the standard, which nobody can make smaller.
  init(state: ConnectionState, streamWindow: Int, connectionWindow: Int, allocator: ByteBufferAllocator) {
    self.state = state
    self.streamWindow = min(streamWindow, HTTP2Wire.largestWindow)
    self.connectionWindow = min(max(connectionWindow, HTTP2Wire.defaultWindow), HTTP2Wire.largestWindow)
    receiveWindow = self.connectionWindow
    reader = HTTP2FrameReader(allocator: allocator)
    writer = HTTP2FrameWriter(allocator: allocator)
  }

  // MARK: - Streams

  /// Begins the stream, now or when the server allows one more.
  func open(_ stream: HTTP2StreamState) {
    state.streamOpened(runsToItsEnd: stream.runsToItsEnd)
    waiting.append(stream)
    startWaiting()
  }

  /// Writes a message on a stream of messages; the one before must be written. The owner is told when this one is.
  func send(_ message: ByteBuffer, on stream: HTTP2StreamState) {
    stream.message = message
    stream.isWritten = false
    stream.tellsWhenWritten = true
    if stream.number > 0 { write(stream) }
  }

  /// The owner has taken what came, or waits for more.
  func openWindow(of stream: HTTP2StreamState) {
    guard !stream.isOver, stream.unopened >= (streamWindow + 1) / 2 else { return }
    writer.windowUpdate(stream.number, stream.unopened)
    stream.receiveWindow += stream.unopened
    stream.unopened = 0
    scheduleFlush()
  }

  /// Tells the server that nobody waits any more, and lets go of the stream. Its owner is told nothing.
  func reset(_ stream: HTTP2StreamState) {
    guard !stream.isOver else { return }
    if stream.number == 0 {
      waiting.removeAll { $0 === stream }
    } else if !stream.isEnded || !stream.isUnary || !stream.isWritten {
      writer.reset(stream.number, .cancel)
      scheduleFlush()
    }
    remove(stream)
  }

  private func startWaiting() {
    while streams.count < maximumStreams, !isBroken, let stream = waiting.popFirst() { start(stream) }
  }

  private func start(_ stream: HTTP2StreamState) {
    stream.number = nextNumber
    nextNumber += 2
    stream.sendWindow = initialSendWindow
    streams[stream.number] = stream
    do {
      try writer.headers(stream.number, stream.headers)
    } catch {
      // The server's table and ours may have parted.
      return fail(HTTP2Violation(.internalError, "the headers cannot be encoded: \(error)"))
    }
    scheduleFlush()
    if stream.message.readableBytes > 0 { write(stream) } else { stream.isWritten = true }
  }

  private func remove(_ stream: HTTP2StreamState) {
    stream.isOver = true
    stream.owner = nil
    stream.message = ByteBuffer()
    if stream.number > 0 { streams[stream.number] = nil }
    state.streamClosed(runsToItsEnd: stream.runsToItsEnd)
    if !waiting.isEmpty { startWaiting() }
  }

  private func lose(_ stream: HTTP2StreamState, _ loss: HTTP2Loss) {
    guard !stream.isOver else { return }
    let owner = stream.owner
    remove(stream)
    owner?.lost(loss)
  }

  /// Those that match, in the order in which they began, and those that have not.
  private func lose(_ loss: HTTP2Loss, where isLost: (UInt32) -> Bool) {
    let unbegun = waiting
    waiting.removeAll()
    for number in streams.keys.filter(isLost).sorted() { streams[number].map { lose($0, loss) } }
    for stream in unbegun { lose(stream, loss) }
  }

  // MARK: - Writing

  /// As much of the stream's message as the windows allow.
  private func write(_ stream: HTTP2StreamState) {
    while writeFrame(of: stream) {}
    block(stream)
  }

  /// Whether there was room for a frame.
  private func writeFrame(of stream: HTTP2StreamState) -> Bool {
    let count = min(stream.message.readableBytes, writer.frameSize, sendWindow, stream.sendWindow)
    guard count > 0 else { return false }
    sendWindow -= count
    stream.sendWindow -= count
    let isComplete = count == stream.message.readableBytes
    writer.data(stream.number, &stream.message, count: count, isLast: isComplete && stream.isUnary)
    if isComplete {
      stream.isWritten = true
      stream.message = ByteBuffer()
      if stream.tellsWhenWritten { toldWhenWritten.append(stream) }
    }
    scheduleFlush()
    return true
  }

  /// Notes the stream if it is the connection's window that it waits for.
  private func block(_ stream: HTTP2StreamState) {
    guard !stream.isBlocked, stream.message.readableBytes > 0, stream.sendWindow > 0 else { return }
    stream.isBlocked = true
    blocked.append(stream)
  }

  /// A frame of each in turn, so that a large message does not keep the others waiting.
  private func writeBlocked() {
    while sendWindow > 0, let stream = blocked.popFirst() {
      stream.isBlocked = false
      _ = writeFrame(of: stream)
      block(stream)
    }
  }

  /// At the end of this turn of the loop, for all that write in it: tasks that are enqueued on the loop itself run after those that are
  /// due, and before it waits for the kernel.
  private func scheduleFlush() {
    guard !isFlushScheduled, let context else { return }
    isFlushScheduled = true
    context.eventLoop.assumeIsolated().execute { self.flush() }
  }

  /// For what is in no hurry: with whatever else is written, or in a millisecond. gRPC-Go asks for a PING's answer with nearly every
  /// request that it reads, to learn how fast the network is, and an answer by itself is a write for each call, and wakes the server.
  private func flushSoon() {
    guard !isFlushScheduled, lateFlush == nil, let context else { return }
    lateFlush = context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(1)) {
      self.lateFlush = nil
      self.flush()
    }
  }

  private func flush() {
    isFlushScheduled = false
    guard let context, writer.bytes.readableBytes > 0 else { return }
    var promise: EventLoopPromise<Void>?
    if !toldWhenWritten.isEmpty {
      let told = toldWhenWritten
      toldWhenWritten = []
      promise = context.eventLoop.makePromise()
      promise?.futureResult.assumeIsolated().whenSuccess {
        for stream in told { stream.owner?.written() }
      }
    }
    context.writeAndFlush(wrapOutboundOut(writer.take()), promise: promise)
  }

  // MARK: - The socket

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    lateFlush?.cancel()
    isBroken = true
    lose(.connectionClosed) { _ in true }
  }

  func channelActive(context: ChannelHandlerContext) {
    typealias Setting = HTTP2Wire.Setting
    writer.preface()
    writer.settings([
      (Setting.enablePush, 0), (Setting.initialWindow, UInt32(streamWindow)),
      (Setting.maximumHeaderList, UInt32(HTTP2FrameReader.largestHeaderBlock)),
    ])
    let more = connectionWindow - HTTP2Wire.defaultWindow
    if more > 0 { writer.windowUpdate(0, more) }
    flush()
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isBroken else { return }
    reader.append(unwrapInboundIn(data))
    do throws(HTTP2Violation) {
      while !isBroken, let message = try reader.next() { try receive(message) }
    } catch {
      fail(error)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    let touched = self.touched
    self.touched.removeAll(keepingCapacity: true)
    for stream in touched {
      stream.isTouched = false
      stream.owner?.receivedBatch()
    }
    context.fireChannelReadComplete()
  }

  func channelInactive(context: ChannelHandlerContext) {
    isBroken = true
    // First those who know why.
    context.fireChannelInactive()
    lose(.connectionClosed) { _ in true }
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    // Whatever was written should get its chance: closing drops what was not flushed.
    flush()
    context.close(mode: mode, promise: promise)
  }

  private func fail(_ violation: HTTP2Violation) {
    guard !isBroken else { return }
    isBroken = true
    writer.goAway(violation.reason)
    flush()
    context?.fireErrorCaught(violation)
  }

  // MARK: - Receiving

  private func receive(_ message: HTTP2Message) throws(HTTP2Violation) {
    switch message {
    case .data(let number, let bytes, let size, let isLast):
      try count(size)
      guard let stream = try stream(number) else { return }
      stream.receiveWindow -= size
      guard stream.receiveWindow >= 0 else { throw Self.tooMuch }
      stream.unopened += size
      if stream.isUnary, !isLast { openWindow(of: stream) }
      stream.isEnded = isLast
      stream.owner?.received(bytes, isLast: isLast)
      touch(stream)
    case .headers(let number, let headers, let isLast):
      guard let stream = try stream(number) else { return }
      stream.isEnded = isLast
      stream.owner?.received(headers, isLast: isLast)
      touch(stream)
    case .reset(let number, let reason):
      if let stream = try stream(number) { lose(stream, .reset(reason)) }
    case .settings(let settings):
      for (id, value) in settings { try apply(id, value) }
      try answer { $0.settingsAcknowledged() }
      scheduleFlush()
      context?.fireChannelRead(wrapInboundOut(.settings))
    case .settingsAcknowledged: context?.fireChannelRead(wrapInboundOut(.settingsAcknowledged))
    case .ping(let number):
      try answer { $0.ping(number, acknowledges: true) }
      flushSoon()
    case .goAway(let last, let reason, let text):
      context?.fireChannelRead(wrapInboundOut(.goAway(lastStream: last, reason, text: text)))
      lose(.excluded) { $0 > last }
    case .windowUpdate(let number, let increment): try openSendWindow(number, increment)
    }
  }

  /// Nil for a stream that is over: what comes for it crossed our reset.
  private func stream(_ number: UInt32) throws(HTTP2Violation) -> HTTP2StreamState? {
    if let stream = streams[number] { return stream }
    guard number % 2 == 1, number < nextNumber else {
      throw HTTP2Violation(.protocolError, "a frame of stream \(number), which was never opened")
    }
    return nil
  }

  /// After the owner was told, who may have reset it.
  private func touch(_ stream: HTTP2StreamState) {
    if !stream.isUnary, !stream.isTouched {
      stream.isTouched = true
      touched.append(stream)
    }
    if stream.isEnded, !stream.isOver { remove(stream) }
  }

  /// The connection's window opens on arrival: a slow stream stops itself and nobody else.
  private func count(_ size: Int) throws(HTTP2Violation) {
    receiveWindow -= size
    guard receiveWindow >= 0 else { throw Self.tooMuch }
    unopened += size
    guard unopened >= connectionWindow / 2 else { return }
    writer.windowUpdate(0, unopened)
    receiveWindow += unopened
    unopened = 0
    scheduleFlush()
  }

  private static let tooMuch = HTTP2Violation(.flowControlError, "more DATA than was allowed")

  private func apply(_ id: UInt16, _ value: UInt32) throws(HTTP2Violation) {
    switch id {
    case HTTP2Wire.Setting.headerTableSize:
      do { try writer.limitTable(value) } catch {
        throw HTTP2Violation(.internalError, "a header table of \(value) bytes: \(error)")
      }
    case HTTP2Wire.Setting.maximumStreams:
      maximumStreams = Int(value)
      startWaiting()
    case HTTP2Wire.Setting.initialWindow:
      guard value <= HTTP2Wire.low31Bits else { throw Self.largeWindow }
      let change = Int(value) - initialSendWindow
      initialSendWindow = Int(value)
      for stream in streams.values {
        stream.sendWindow += change
        guard stream.sendWindow <= HTTP2Wire.largestWindow else { throw Self.largeWindow }
        write(stream)
      }
    case HTTP2Wire.Setting.maximumFrameSize:
      guard (HTTP2Wire.defaultFrameSize...HTTP2Wire.largestFrameSize).contains(Int(value)) else {
        throw HTTP2Violation(.protocolError, "frames of \(value) bytes")
      }
      writer.frameSize = Int(value)
    default: break
    }
  }

  private static let largeWindow = HTTP2Violation(.flowControlError, "a window of over 2^31 - 1 bytes")

  private func openSendWindow(_ number: UInt32, _ increment: Int) throws(HTTP2Violation) {
    guard increment > 0 else { throw HTTP2Violation(.protocolError, "a WINDOW_UPDATE of nothing") }
    guard number > 0 else {
      sendWindow += increment
      guard sendWindow <= HTTP2Wire.largestWindow else { throw Self.largeWindow }
      return writeBlocked()
    }
    guard let stream = try stream(number) else { return }
    stream.sendWindow += increment
    guard stream.sendWindow <= HTTP2Wire.largestWindow else { throw Self.largeWindow }
    write(stream)
  }

  /// A server that asks and asks, and reads none of the answers, must not fill our memory.
  private func answer(_ write: (inout HTTP2FrameWriter) -> Void) throws(HTTP2Violation) {
    unsentAnswers = context?.channel.isWritable == true ? 0 : unsentAnswers + 1
    guard unsentAnswers < 10_000 else {
      throw HTTP2Violation(.enhanceYourCalm, "it asks for more answers than it reads")
    }
    write(&writer)
  }
}
