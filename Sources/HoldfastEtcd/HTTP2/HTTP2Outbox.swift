import NIOCore

/// Between NIOHTTP2 and the socket: gathers what is written until it is flushed, so that many frames are one write to the kernel, and
/// lets what is in no hurry wait for something that is.
final class HTTP2Outbox: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Whether something was written that the server should have as soon as it is flushed. What is not urgent waits up to a millisecond.
  var isUrgent = false

  private var bytes = ByteBuffer()
  /// The channel has some already that were not flushed.
  private var isFlushDue = false
  private var promise: EventLoopPromise<Void>?
  private var lateFlush: Scheduled<Void>?

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    bytes.writeImmutableBuffer(unwrapOutboundIn(data))
    self.promise.setOrCascade(to: promise)
    // Only what the channel has counts for whether it takes more.
    if bytes.readableBytes >= Self.limit { handOn(context: context) }
  }

  func flush(context: ChannelHandlerContext) {
    if isUrgent {
      flushNow(context: context)
    } else if bytes.readableBytes > 0 || isFlushDue, lateFlush == nil {
      lateFlush = context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(1)) {
        self.lateFlush = nil
        self.flushNow(context: context)
      }
    }
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    // Whatever was written should get its chance: closing drops what was not flushed.
    flushNow(context: context)
    context.close(mode: mode, promise: promise)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    lateFlush?.cancel()
    lateFlush = nil
    bytes = ByteBuffer()
    promise?.fail(ChannelError.ioOnClosedChannel)
    promise = nil
  }

  private func flushNow(context: ChannelHandlerContext) {
    isUrgent = false
    if bytes.readableBytes > 0 { handOn(context: context) }
    guard isFlushDue else { return }
    isFlushDue = false
    context.flush()
  }

  private func handOn(context: ChannelHandlerContext) {
    let (written, promise) = (bytes, self.promise)
    bytes = context.channel.allocator.buffer(capacity: min(max(written.readableBytes, 1_024), Self.limit))
    self.promise = nil
    isFlushDue = true
    context.write(wrapOutboundOut(written), promise: promise)
  }

  private static let limit = 64 << 10
}
