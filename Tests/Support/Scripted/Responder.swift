internal import HoldfastEtcd
package import NIOCore
internal import NIOHPACK
package import NIOHTTP2

/// What a script can do to the call that it was called for.
package struct Responder: Sendable {
  package let stream: any Channel
  package let path: String

  /// A well-formed answer of one message.
  package func answer(_ message: [UInt8]) {
    headers()
    self.message(message)
    trailers(status: 0)
  }

  package func headers(status: String = "200", contentType: String = "application/grpc", endStream: Bool = false) {
    write(.headers(.init(headers: [":status": status, "content-type": contentType], endStream: endStream)))
  }

  package func message(_ message: [UInt8], promise: EventLoopPromise<Void>? = nil) {
    do {
      let frame = try GRPCFraming.frame(message, allocator: stream.allocator)
      write(.data(.init(data: .byteBuffer(frame))), promise: promise)
    } catch {
      stream.close(promise: nil)
    }
  }

  /// Bytes as they are, in one DATA frame.
  package func raw(_ bytes: [UInt8], endStream: Bool = false) {
    write(.data(.init(data: .byteBuffer(ByteBuffer(bytes: bytes)), endStream: endStream)))
  }

  package func trailers(status: Int?, message: String? = nil) {
    var trailers = HPACKHeaders()
    if let status { trailers.add(name: "grpc-status", value: "\(status)") }
    if let message { trailers.add(name: "grpc-message", value: message) }
    if status == nil { trailers.add(name: "other", value: "x") }
    write(.headers(.init(headers: trailers, endStream: true)))
  }

  package func trailersOnly(status: Int?, message: String? = nil, httpStatus: String = "200") {
    var headers: HPACKHeaders = [":status": httpStatus, "content-type": "application/grpc"]
    if let status { headers.add(name: "grpc-status", value: "\(status)") }
    if let message { headers.add(name: "grpc-message", value: message) }
    write(.headers(.init(headers: headers, endStream: true)))
  }

  package func reset(_ code: HTTP2ErrorCode) {
    write(.rstStream(code))
  }

  package func goAway(lastStreamID: Int, code: HTTP2ErrorCode = .noError) {
    connectionFrame(
      .goAway(lastStreamID: HTTP2StreamID(lastStreamID), errorCode: code, opaqueData: ByteBuffer(string: "bye")))
  }

  package func ping(_ number: UInt64) {
    connectionFrame(.ping(HTTP2PingData(withInteger: number), ack: false))
  }

  /// Reads nothing any more from the whole connection: PINGs are not answered.
  package func playDead() {
    stream.parent?.setOption(.autoRead, value: false).whenFailure { _ in }
  }

  package func closeConnection() {
    stream.parent?.close(promise: nil)
  }

  private func connectionFrame(_ payload: HTTP2Frame.FramePayload) {
    stream.parent?.writeAndFlush(HTTP2Frame(streamID: .rootStream, payload: payload), promise: nil)
  }

  private func write(_ payload: HTTP2Frame.FramePayload, promise: EventLoopPromise<Void>? = nil) {
    stream.writeAndFlush(payload, promise: promise)
  }
}

/// Makes messages of frames and calls the script.
final class ScriptHandler: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame.FramePayload

  private let continuation: AsyncStream<ScriptedServer.Event>.Continuation
  private let script: ScriptedServer.Script
  private var messages = GRPCDeframer(limit: 1 << 30)
  private var responder: Responder?

  init(continuation: AsyncStream<ScriptedServer.Event>.Continuation, script: @escaping ScriptedServer.Script) {
    self.continuation = continuation
    self.script = script
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .headers(let frame):
      let responder = Responder(stream: context.channel, path: frame.headers.first(name: ":path") ?? "")
      self.responder = responder
      continuation.yield(.request(path: responder.path))
      script(.start(frame.headers), responder)
    case .data(let frame):
      guard let responder, case .byteBuffer(let bytes) = frame.data else { return }
      messages.append(bytes)
      while let message = try? messages.next() {
        continuation.yield(.message(message))
        script(.message(message), responder)
      }
      if frame.endStream { script(.end, responder) }
    default:
      break
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let closed = error as? NIOHTTP2Errors.StreamClosed, let responder else { return }
    continuation.yield(.reset(path: responder.path, code: closed.errorCode.networkCode))
  }
}
