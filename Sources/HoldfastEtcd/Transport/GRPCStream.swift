import NIOCore
import NIOHPACK
import NIOHTTP2

/// What a call writes, and how its stream's end is read. Shared by the handlers of both kinds of call.
enum GRPCStream {
  static func writeHeaders(_ headers: HPACKHeaders, context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
    let frame = HTTP2Frame.FramePayload.headers(.init(headers: headers))
    context.write(NIOAny(frame), promise: promise)
  }

  static func writeMessage(
    _ message: ByteBuffer, isLast: Bool, context: ChannelHandlerContext, promise: EventLoopPromise<Void>?
  ) {
    let frame = HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(message), endStream: isLast))
    context.writeAndFlush(NIOAny(frame), promise: promise)
  }

  /// Tells the server that nobody waits any more, and lets go of the stream.
  ///
  /// In a turn of its own: inside a callback NIOHTTP2 may be about to close the stream itself. RST_STREAM is written
  /// before closing because a stream that still waits for its turn (MAX_CONCURRENT_STREAMS) would not be withdrawn by
  /// closing alone, and would be sent to the server later.
  static func reset(_ channel: any Channel) {
    channel.eventLoop.execute {
      if channel.isActive {
        channel.writeAndFlush(HTTP2Frame.FramePayload.rstStream(.cancel), promise: nil)
      }
      channel.close(promise: nil)
    }
  }

  /// The call's error for the error of its stream.
  ///
  /// - Parameter sent: Whether the request was handed to the socket.
  static func callError(
    for error: any Error, state: ConnectionState, sent: Bool, deadline: NIODeadline?
  ) -> RPCError {
    switch error {
    case let closed as NIOHTTP2Errors.StreamClosed:
      if let last = state.lastStreamID, closed.streamID > last {
        // NIOHTTP2 reports the streams that GOAWAY excludes like a reset of each.
        return state.lossError(sent: false)
      }
      if closed.errorCode == .cancel, let deadline, deadline <= .now() {
        // Some servers reset when the time that we gave them is over, a moment before our own timer.
        return .deadlinePassed(.unknown)
      }
      return GRPCStatus.reset(closed.errorCode)
    case is NIOHTTP2Errors.CreatedStreamAfterGoaway:
      return state.lossError(sent: false)
    case is ChannelError, is IOError:
      return state.lossError(sent: sent)
    default:
      return RPCError(.internal, "The stream failed: \(error)", progress: sent ? .unknown : .notProcessed)
    }
  }
}
