import NIOCore

/// Makes one flush of all the flushes of a turn of the event loop.
///
/// Every call flushes its own stream. Calls that were started together are run in one turn, and each of their flushes
/// would be a `write` to the kernel; held back until the turn's other tasks have run they become one.
final class FlushCoalescingHandler: ChannelOutboundHandler {
  typealias OutboundIn = Any
  typealias OutboundOut = Any

  private var isScheduled = false

  func flush(context: ChannelHandlerContext) {
    guard !isScheduled else { return }
    isScheduled = true
    // Tasks that are enqueued on the loop itself run after those that are due, and before it waits for the kernel.
    context.eventLoop.assumeIsolated().execute {
      self.isScheduled = false
      context.flush()
    }
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    // Whatever was written should get its chance: closing drops what was not flushed.
    if isScheduled { context.flush() }
    context.close(mode: mode, promise: promise)
  }
}
