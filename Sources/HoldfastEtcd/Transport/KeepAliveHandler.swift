import NIOCore
import NIOHTTP2

/// Finds out that nobody is there any more: sends a PING after a silence and gives the connection up when nothing at all
/// follows it.
///
/// It sits next to the socket, where every byte that arrives counts as a sign of life. Only while calls are open: etcd
/// takes PINGs without any for an attack.
final class KeepAliveHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let state: ConnectionState
  private let interval: TimeAmount
  private let timeout: TimeAmount
  private var lastRead = NIODeadline.now()
  private var timer: Scheduled<Void>?
  /// When the PING that waits for its answer was sent.
  private var pingSent: NIODeadline?

  init(state: ConnectionState, configuration: TransportConfiguration) {
    self.state = state
    interval = TimeAmount(limiting: max(configuration.keepAliveInterval, configuration.keepAliveMinimum))
    timeout = TimeAmount(limiting: configuration.keepAliveTimeout)
  }

  func channelActive(context: ChannelHandlerContext) {
    lastRead = .now()
    waitForSilence(until: lastRead + interval, context: context)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    lastRead = .now()
    if pingSent != nil {
      pingSent = nil
      timer?.cancel()
      // Counted from now, never sooner than an interval after the PING.
      waitForSilence(until: lastRead + interval, context: context)
    }
    context.fireChannelRead(data)
  }

  func channelInactive(context: ChannelHandlerContext) {
    stop()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    stop()
  }

  private func stop() {
    timer?.cancel()
    timer = nil
  }

  /// One timer that is set anew when it fires, rather than with every read.
  private func waitForSilence(until deadline: NIODeadline, context: ChannelHandlerContext) {
    schedule(at: deadline, context: context) {
      let silentUntil = self.lastRead + self.interval
      if silentUntil > .now() {
        self.waitForSilence(until: silentUntil, context: context)
      } else if self.state.openStreams == 0 {
        self.waitForSilence(until: .now() + self.interval, context: context)
      } else {
        self.ping(context: context)
      }
    }
  }

  private func ping(context: ChannelHandlerContext) {
    let frame = HTTP2Frame(streamID: .rootStream, payload: .ping(HTTP2PingData(), ack: false))
    context.channel.writeAndFlush(frame, promise: nil)
    pingSent = .now()
    waitForAnswer(context: context)
  }

  private func waitForAnswer(context: ChannelHandlerContext) {
    let due = NIODeadline.now() + timeout
    schedule(at: due, context: context) {
      if .now() > due + .nanoseconds(self.timeout.nanoseconds / 4) {
        // The timer itself is that late, so this process was stopped, and the answer may lie unread in the socket.
        self.waitForAnswer(context: context)
      } else {
        self.state.close(reason: "the server did not answer a keep-alive within \(self.timeout)")
      }
    }
  }

  private func schedule(at deadline: NIODeadline, context: ChannelHandlerContext, _ body: @escaping () -> Void) {
    timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline, body)
  }
}
