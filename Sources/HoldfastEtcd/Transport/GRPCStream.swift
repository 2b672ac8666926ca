import NIOCore
import NIOHTTP2

/// How a stream's loss is read. Shared by the handlers of both kinds of call.
enum GRPCStream {
  /// The call's error for the loss of its stream.
  ///
  /// - Parameter sent: Whether all of the request was on its way to the socket.
  static func error(for loss: HTTP2Loss, state: ConnectionState, sent: Bool, deadline: NIODeadline?) -> RPCError {
    switch loss {
    case .reset(.cancel):
      if let deadline, deadline <= .now() {
        // Some servers reset when the time that we gave them is over, a moment before our own timer.
        return .deadlinePassed(.unknown)
      }
      return GRPCStatus.reset(.cancel)
    case .reset(let reason): return GRPCStatus.reset(reason)
    case .failed(let text):
      return RPCError(.internal, "The stream failed: \(text)", progress: sent ? .unknown : .notProcessed)
    case .excluded: return state.lossError(sent: false)
    case .connectionClosed: return state.lossError(sent: sent)
    }
  }
}
