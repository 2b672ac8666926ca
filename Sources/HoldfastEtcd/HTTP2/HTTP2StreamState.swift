import NIOCore
import NIOHPACK
import NIOHTTP2

/// Whom a stream was opened for. It is told on the event loop what comes of it.
protocol HTTP2StreamOwner: AnyObject {
  func received(_ headers: HPACKHeaders, isLast: Bool)
  func received(_ data: ByteBuffer, isLast: Bool)
  /// Everything that came with one read of the socket was told.
  func receivedBatch()
  /// All of what it asked to be written was handed to the socket.
  func written()
  /// The stream is over before the server ended it. Nothing follows.
  func lost(_ loss: HTTP2Loss)
}

/// How a stream can be over before its end.
enum HTTP2Loss {
  case reset(HTTP2ErrorCode)
  /// The server went away and said that it has not looked at this one.
  case excluded
  /// This side ended it: what was to be sent, or what came, is against the rules of HTTP/2.
  case failed(String)
  case connectionClosed
}

/// One stream of a connection. Not `Sendable`: it lives on the connection's event loop.
final class HTTP2StreamState {
  let headers: HPACKHeaders
  /// Whether a whole request is one message, which ends our side, and the answer is wanted as it comes. Otherwise messages are
  /// sent one by one, and the owner says when it wants more.
  let isUnary: Bool
  /// Whether the server must be left to finish it (see `RPCCall`).
  let runsToItsEnd: Bool
  var owner: (any HTTP2StreamOwner)?

  /// None before it is opened.
  var number = HTTP2StreamID.rootStream
  var isOver = false
  /// The server has ended its side.
  var isEnded = false

  /// Whether its headers are on their way to the socket. Until then it waits for its turn.
  var isBegun = false
  /// Whether all of a unary call's request is on its way to the socket. Before that, no server can begin with it; after that one may
  /// have, whatever becomes of the socket: calls are written together, and when a write fails nobody knows how far it came.
  var isWritten = false

  var receives: HTTP2ReceiveWindow
  /// It is in the list of those that a read of the socket brought something.
  var isTouched = false

  /// Whether a server can have acted upon what was asked for, as far as it goes.
  var isSent: Bool { isUnary ? isWritten : isBegun }

  init(
    _ headers: HPACKHeaders, isUnary: Bool, runsToItsEnd: Bool = false, window: Int, owner: any HTTP2StreamOwner
  ) {
    self.headers = headers
    self.isUnary = isUnary
    self.runsToItsEnd = runsToItsEnd
    self.owner = owner
    receives = HTTP2ReceiveWindow(window)
  }
}
