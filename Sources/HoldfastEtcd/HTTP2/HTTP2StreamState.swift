import NIOCore
import NIOHPACK

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
  case reset(HTTP2Reason)
  /// The server went away and said that it has not looked at this one.
  case excluded
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

  /// Zero while it waits for its turn.
  var number: UInt32 = 0
  var isOver = false
  /// The server has ended its side.
  var isEnded = false

  /// What is still to be written of a message.
  var message: ByteBuffer
  /// Whether all of what was asked for is on its way to the socket. Before that, no server can begin with a unary call; after that
  /// one may have, whatever becomes of the socket: calls are written together, and when a write fails nobody knows how far it came.
  var isWritten = false
  var sendWindow = 0
  /// It is in the list of those that wait for the connection's window.
  var isBlocked = false
  /// The owner wants to know when its message is with the socket.
  var tellsWhenWritten = false

  var receiveWindow: Int
  /// What came and is not yet open again for more.
  var unopened = 0
  /// It is in the list of those that a read of the socket brought something.
  var isTouched = false

  /// Whether a server can have acted upon what was asked for, as far as it goes.
  var isSent: Bool { isUnary ? isWritten : number > 0 }

  /// A call of one message.
  init(_ headers: HPACKHeaders, _ message: ByteBuffer, runsToItsEnd: Bool, window: Int, owner: any HTTP2StreamOwner) {
    self.headers = headers
    self.message = message
    self.runsToItsEnd = runsToItsEnd
    self.owner = owner
    isUnary = true
    receiveWindow = window
  }

  /// A stream of messages.
  init(_ headers: HPACKHeaders, window: Int, owner: any HTTP2StreamOwner) {
    self.headers = headers
    self.owner = owner
    message = ByteBuffer()
    runsToItsEnd = false
    isUnary = false
    receiveWindow = window
  }
}
