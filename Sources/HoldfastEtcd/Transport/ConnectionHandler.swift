import NIOCore
import NIOHTTP2

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Follows the connection itself: its start (SETTINGS), its end (GOAWAY, errors, loss).
final class ConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame

  let state: ConnectionState
  private let usesTLS: Bool
  private let settingsTimeout: Duration
  private var timer: Scheduled<Void>?
  private var ready: EventLoopPromise<Void>?
  private var sawSettings = false
  private var sawAcknowledgement = false
  private var isClosed = false

  init(state: ConnectionState, settingsTimeout: Duration, usesTLS: Bool = false) {
    self.state = state
    self.usesTLS = usesTLS
    self.settingsTimeout = settingsTimeout
  }

  /// Completes when both sides know each other's settings, fails when the connection ends before.
  func whenReady(_ promise: EventLoopPromise<Void>) {
    ready = promise
    checkReady()
    if isClosed { failReady() }
  }

  func channelActive(context: ChannelHandlerContext) {
    state.attach(to: context.channel)
    let timeout = settingsTimeout
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limiting: timeout)) {
      self.state.close(reason: "the server accepted it, but no HTTP/2 SETTINGS came within \(timeout)")
    }
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data).payload {
    case .settings(.settings):
      sawSettings = true
      checkReady()
    case .settings(.ack):
      // Waited for too: until then streams would begin with the window of the standard, not with ours.
      sawAcknowledgement = true
      checkReady()
    case .goAway(let lastStream, let errorCode, let opaqueData):
      let text = opaqueData.map { String(buffer: $0) } ?? ""
      state.drain(
        lastStreamID: lastStream,
        reason: "the server is going away (\(errorCode)\(text.isEmpty ? "" : ", \"\(text)\""))")
    default:
      break
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case is NIOHTTP2Errors.NoSuchStream, is NIOHTTP2Errors.StreamClosed:
      // A frame of ours and an end that crossed each other: one stream's matter. (Of the server's the multiplexer has closed already.)
      break
    case is NIOHTTP2Errors.UnableToParseFrame where !state.hasBeenReady:
      state.close(reason: "it does not speak HTTP/2, as every etcd does: check the port")
    case let error as IOError where !sawSettings && [ECONNRESET, EPIPE].contains(error.errnoCode):
      // Who closes a socket without reading what has come resets it.
      state.close(reason: silence)
    default:
      // NIOHTTP2 has told the server GOAWAY and reads no further: nothing would ever complete.
      state.close(reason: "\(error)")
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    isClosed = true
    state.flag.isUsable = false
    state.detach()
    failReady()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    // A socket that never became active has no channelInactive.
    isClosed = true
    failReady()
  }

  private var silence: String {
    let likely = usesTLS ? "want a certificate of its clients, or refuse this one's" : "speak TLS only (https://)"
    return "the server closed the connection without a word of HTTP/2: it may \(likely), or be no etcd (check the port)"
  }

  private func checkReady() {
    guard sawSettings, sawAcknowledgement, let ready else { return }
    self.ready = nil
    timer?.cancel()
    timer = nil
    state.becomeReady(usable: !isClosed && state.lastStreamID == nil)
    ready.succeed()
  }

  private func failReady() {
    timer?.cancel()
    timer = nil
    // Taken before it is failed, so that it is completed once.
    let ready = self.ready
    self.ready = nil
    if let failure = state.tlsFailure {
      ready?.fail(failure)
      return
    }
    let reason = state.closeReason ?? (sawSettings ? "the server closed the connection" : silence)
    ready?.fail(RPCError(.unavailable, reason, progress: .notProcessed))
  }
}
