import NIOCore
import NIOHPACK

/// What arrived of an answer: reads headers and data and decides what they mean. It knows no sockets and has no effects.
struct GRPCResponse {
  /// What came meant this for the call.
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

  mutating func receive(_ data: ByteBuffer, isLast: Bool) -> Step {
    guard sawHeaders else {
      return .ended(RPCError(.internal, "The server sent a message before its headers.", progress: .unknown))
    }
    messages.append(data)
    return isLast ? .ended(GRPCStatus.missing) : .more
  }

  mutating func receive(_ headers: HPACKHeaders, isLast: Bool) -> Step {
    if isLast {
      return .ended(GRPCStatus.final(of: headers, isTrailersOnly: !sawHeaders))
    }
    if sawHeaders {
      return .ended(RPCError(.internal, "The server sent headers in the middle of an answer.", progress: .unknown))
    }
    // 100 Continue and the like: the headers are still to come.
    if headers.areInformational { return .more }
    sawHeaders = true
    // Not gRPC: what follows is an HTML page or the like, and no reason to wait for its end.
    if let error = GRPCStatus.httpError(of: headers) { return .ended(error) }
    return .more
  }
}

extension HPACKHeaders {
  /// Whether they are no answer yet: their HTTP status is 1xx.
  var areInformational: Bool { first(name: ":status")?.hasPrefix("1") == true }
}
