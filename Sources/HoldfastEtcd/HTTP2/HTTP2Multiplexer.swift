import NIOCore
import NIOHPACK

/// HTTP/2 for a client that speaks gRPC: many streams over one socket. Everything happens on the event loop.
///
/// NIOHTTP2 makes a channel with a pipeline of each stream, which costs more than all the rest of a call. Here a stream is an entry of a
/// table.
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

  private let outbox: HTTP2Outbox
  private var reader: HTTP2FrameReader
  private var context: ChannelHandlerContext?
  /// The server broke the protocol, or is gone: nothing is read any more.
  private var isBroken = false
  /// PINGs and SETTINGS that were answered while the socket took nothing.
  private var unsentAnswers = 0

  private var streams: [UInt32: HTTP2StreamState] = [:]
  private var nextNumber: UInt32 = 1
  /// Those that the server allows no stream for yet.
  private var waiting = CircularBuffer<HTTP2StreamState>()
  private var maximumStreams = Int.max

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
    outbox = HTTP2Outbox(allocator: allocator)
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
    if stream.number > 0 { outbox.send(stream) }
  }

  /// The owner has taken what came, or waits for more.
  func openWindow(of stream: HTTP2StreamState) {
    guard !stream.isOver, stream.unopened >= (streamWindow + 1) / 2 else { return }
    outbox.write { $0.windowUpdate(stream.number, stream.unopened) }
    stream.receiveWindow += stream.unopened
    stream.unopened = 0
  }

  /// Tells the server that nobody waits any more, and lets go of the stream. Its owner is told nothing.
  func reset(_ stream: HTTP2StreamState) {
    guard !stream.isOver else { return }
    if stream.number == 0 {
      waiting.removeAll { $0 === stream }
    } else if !stream.isEnded || !stream.isUnary || !stream.isWritten {
      outbox.write { $0.reset(stream.number, .cancel) }
    }
    remove(stream)
  }

  private func startWaiting() {
    while streams.count < maximumStreams, !isBroken, let stream = waiting.popFirst() { start(stream) }
  }

  private func start(_ stream: HTTP2StreamState) {
    stream.number = nextNumber
    nextNumber += 2
    streams[stream.number] = stream
    do { try outbox.begin(stream) } catch { fail(error) }
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

  // MARK: - The socket

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    outbox.context = context
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    outbox.stop()
    isBroken = true
    lose(.connectionClosed) { _ in true }
  }

  func channelActive(context: ChannelHandlerContext) {
    typealias Setting = HTTP2Wire.Setting
    outbox.write { writer in
      writer.preface()
      writer.settings([
        (Setting.enablePush, 0), (Setting.initialWindow, UInt32(streamWindow)),
        (Setting.maximumHeaderList, UInt32(HTTP2FrameReader.largestHeaderBlock)),
      ])
      let more = connectionWindow - HTTP2Wire.defaultWindow
      if more > 0 { writer.windowUpdate(0, more) }
    }
    outbox.flush()
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
    outbox.flush()
    context.close(mode: mode, promise: promise)
  }

  private func fail(_ violation: HTTP2Violation) {
    guard !isBroken else { return }
    isBroken = true
    outbox.write { $0.goAway(violation.reason) }
    outbox.flush()
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
      try countAnswer()
      outbox.write { $0.settingsAcknowledged() }
      context?.fireChannelRead(wrapInboundOut(.settings))
    case .settingsAcknowledged: context?.fireChannelRead(wrapInboundOut(.settingsAcknowledged))
    case .ping(let number):
      try countAnswer()
      // gRPC-Go asks for one with nearly every request that it reads, to learn how fast the network is. An answer by itself would be a
      // write for each call, and wake the server.
      outbox.writeSoon { $0.ping(number, acknowledges: true) }
    case .goAway(let last, let reason, let text):
      context?.fireChannelRead(wrapInboundOut(.goAway(lastStream: last, reason, text: text)))
      lose(.excluded) { $0 > last }
    case .windowUpdate(let number, let increment):
      guard increment > 0 else { throw HTTP2Violation(.protocolError, "a WINDOW_UPDATE of nothing") }
      if number == 0 {
        try outbox.openWindow(increment)
      } else if let stream = try stream(number) {
        try outbox.openWindow(of: stream, increment)
      }
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
    outbox.write { $0.windowUpdate(0, unopened) }
    receiveWindow += unopened
    unopened = 0
  }

  private static let tooMuch = HTTP2Violation(.flowControlError, "more DATA than was allowed")

  private func apply(_ id: UInt16, _ value: UInt32) throws(HTTP2Violation) {
    switch id {
    case HTTP2Wire.Setting.headerTableSize: try outbox.limitTable(value)
    case HTTP2Wire.Setting.maximumStreams:
      maximumStreams = Int(value)
      startWaiting()
    case HTTP2Wire.Setting.initialWindow: try outbox.setInitialWindow(value, streams.values)
    case HTTP2Wire.Setting.maximumFrameSize: try outbox.setFrameSize(value)
    default: break
    }
  }

  /// A server that asks and asks, and reads none of the answers, must not fill our memory.
  private func countAnswer() throws(HTTP2Violation) {
    unsentAnswers = context?.channel.isWritable == true ? 0 : unsentAnswers + 1
    guard unsentAnswers < 10_000 else {
      throw HTTP2Violation(.enhanceYourCalm, "it asks for more answers than it reads")
    }
  }
}
