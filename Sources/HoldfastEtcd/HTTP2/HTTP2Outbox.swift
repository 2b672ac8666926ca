import NIOCore

/// What goes to the server: frames, within its windows, and when they are handed to the socket. On the event loop.
///
/// What is written in one turn of the loop goes to the socket together: calls that begin together would each be a `write` to the kernel.
final class HTTP2Outbox {
  /// Nil before and after the time in a pipeline.
  var context: ChannelHandlerContext?
  private var writer: HTTP2FrameWriter
  private var window = HTTP2Wire.defaultWindow
  /// What a stream begins with.
  private var initialWindow = HTTP2Wire.defaultWindow
  /// Streams that wait for the connection's window.
  private var blocked = CircularBuffer<HTTP2StreamState>()
  private var toldWhenWritten: [HTTP2StreamState] = []
  private var isFlushScheduled = false
  private var lateFlush: Scheduled<Void>?

  init(allocator: ByteBufferAllocator) { writer = HTTP2FrameWriter(allocator: allocator) }

  // MARK: - Frames

  /// Writes frames that belong to no message, together with what else is written in this turn.
  func write(_ frames: (inout HTTP2FrameWriter) -> Void) {
    frames(&writer)
    scheduleFlush()
  }

  /// Writes what is in no hurry: with whatever else is written, or in a millisecond.
  func writeSoon(_ frames: (inout HTTP2FrameWriter) -> Void) {
    frames(&writer)
    guard !isFlushScheduled, lateFlush == nil, let context else { return }
    lateFlush = context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(1)) {
      self.lateFlush = nil
      self.flush()
    }
  }

  /// Writes a stream's headers, and as much of its message as the windows allow. The rest follows when they open.
  func begin(_ stream: HTTP2StreamState) throws(HTTP2Violation) {
    stream.sendWindow = initialWindow
    do { try writer.headers(stream.number, stream.headers) } catch {
      // The server's table and ours may have parted.
      throw HTTP2Violation(.internalError, "the headers cannot be encoded: \(error)")
    }
    scheduleFlush()
    if stream.message.readableBytes > 0 { send(stream) } else { stream.isWritten = true }
  }

  /// Writes as much of the stream's message as the windows allow.
  func send(_ stream: HTTP2StreamState) {
    while sendFrame(of: stream) {}
    block(stream)
  }

  /// Whether there was room for a frame.
  private func sendFrame(of stream: HTTP2StreamState) -> Bool {
    let count = min(stream.message.readableBytes, writer.frameSize, window, stream.sendWindow)
    guard count > 0 else { return false }
    window -= count
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

  // MARK: - What the server allows

  func openWindow(_ increment: Int) throws(HTTP2Violation) {
    window = try Self.window(window + increment)
    // A frame of each in turn, so that a large message does not keep the others waiting.
    while window > 0, let stream = blocked.popFirst() {
      stream.isBlocked = false
      _ = sendFrame(of: stream)
      block(stream)
    }
  }

  func openWindow(of stream: HTTP2StreamState, _ increment: Int) throws(HTTP2Violation) {
    stream.sendWindow = try Self.window(stream.sendWindow + increment)
    send(stream)
  }

  /// Counts for the streams that are open too, whose windows may become negative.
  func setInitialWindow(_ size: UInt32, _ streams: some Sequence<HTTP2StreamState>) throws(HTTP2Violation) {
    let change = try Self.window(Int(size)) - initialWindow
    initialWindow = Int(size)
    for stream in streams { try openWindow(of: stream, change) }
  }

  func setFrameSize(_ size: UInt32) throws(HTTP2Violation) {
    guard (HTTP2Wire.defaultFrameSize...HTTP2Wire.largestFrameSize).contains(Int(size)) else {
      throw HTTP2Violation(.protocolError, "frames of \(size) bytes")
    }
    writer.frameSize = Int(size)
  }

  func limitTable(_ size: UInt32) throws(HTTP2Violation) {
    do { try writer.limitTable(size) } catch {
      throw HTTP2Violation(.internalError, "a header table of \(size) bytes: \(error)")
    }
  }

  private static func window(_ size: Int) throws(HTTP2Violation) -> Int {
    guard size <= HTTP2Wire.largestWindow else {
      throw HTTP2Violation(.flowControlError, "a window of over 2^31 - 1 bytes")
    }
    return size
  }

  // MARK: - The socket

  /// At the end of this turn: tasks that are enqueued on the loop itself run after those that are due, and before it waits for the
  /// kernel.
  private func scheduleFlush() {
    guard !isFlushScheduled, let context else { return }
    isFlushScheduled = true
    context.eventLoop.assumeIsolated().execute { self.flush() }
  }

  func flush() {
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
    context.writeAndFlush(NIOAny(writer.take()), promise: promise)
  }

  /// The pipeline is gone.
  func stop() {
    context = nil
    lateFlush?.cancel()
    lateFlush = nil
  }
}
