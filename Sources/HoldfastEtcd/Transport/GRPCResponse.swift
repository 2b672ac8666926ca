import NIOCore
import NIOHPACK
import NIOHTTP2

/// What arrived of an answer: reads frames and decides what they mean. It knows no sockets and has no effects.
struct GRPCResponse {
  /// What a frame meant for the call.
  enum Step {
    /// Nothing final.
    case more
    /// The answer has ended, with this error or with status OK.
    case ended(RPCError?)
  }

  private(set) var messages: GRPCDeframer
  private var sawHeaders = false

  init(limit: Int) {
    messages = GRPCDeframer(limit: limit)
  }

  /// The next complete message.
  mutating func next() throws(RPCError) -> [UInt8]? {
    try messages.next()
  }

  /// Forgets what was not handed out.
  mutating func discard() {
    messages.removeAll()
  }

  mutating func receive(_ frame: HTTP2Frame.FramePayload) -> Step {
    switch frame {
    case .headers(let frame):
      return receive(frame.headers, isLast: frame.endStream)
    case .data(let frame):
      guard sawHeaders else {
        return .ended(RPCError(.internal, "The server sent a message before its headers.", progress: .unknown))
      }
      if case .byteBuffer(let bytes) = frame.data { messages.append(bytes) }
      return frame.endStream ? .ended(GRPCStatus.missing) : .more
    default:
      // RST_STREAM reaches us as the stream's error; priorities, window updates and unknown frames are not ours.
      return .more
    }
  }

  private mutating func receive(_ headers: HPACKHeaders, isLast: Bool) -> Step {
    if isLast {
      return .ended(GRPCStatus.final(of: headers, isTrailersOnly: !sawHeaders))
    }
    if sawHeaders {
      return .ended(RPCError(.internal, "The server sent headers in the middle of an answer.", progress: .unknown))
    }
    guard let status = headers.first(name: ":status"), !status.hasPrefix("1") else {
      return .more  // 100 Continue and the like: the headers are still to come.
    }
    sawHeaders = true
    // Not gRPC: what follows is an HTML page or the like, and no reason to wait for its end.
    if let error = GRPCStatus.httpError(of: headers) { return .ended(error) }
    return .more
  }
}
