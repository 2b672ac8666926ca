package import HoldfastCore

/// The narrow waist between the etcd client and whatever carries gRPC: one connection to one endpoint, unary calls and
/// bidirectional streams of bytes. Nothing above it knows HTTP/2, nothing below it knows etcd.
package protocol RPCConnection: Sendable {
  /// Sends one message and returns the one message of the answer.
  ///
  /// Cancelling the task throws `RPCError` with `.cancelled` and, unless the call must run to its end, resets the stream at the server
  /// within milliseconds.
  func unary(_ call: RPCCall, _ message: [UInt8]) async throws(RPCError) -> [UInt8]

  /// Opens a bidirectional stream. Dropping the last reference to it resets the stream at the server.
  func open(_ call: RPCCall) async throws(RPCError) -> any RPCStream

  /// Whether new calls may be started: false after GOAWAY, close or a keep-alive that was not answered.
  var isUsable: Bool { get }

  /// Fails what is in flight and closes the socket; before that it lets calls that must run to their end do so, for a few
  /// seconds. Returns when it is closed.
  func close() async
}

/// A bidirectional stream of messages. One task sends, one task receives.
package protocol RPCStream: AnyObject, Sendable {
  /// Returns when the message has been handed to the socket (back-pressure).
  func send(_ message: [UInt8]) async throws(RPCError)

  /// The next message, or nil when the server ended the stream with status OK. A window's worth of messages is buffered
  /// at most: not calling this stops the server by flow control. With a timeout, throws `.deadlineExceeded` when no
  /// message came in time; the stream stays usable then.
  func next(timeout: Duration?) async throws(RPCError) -> [UInt8]?

  /// Resets the stream at the server; `next` throws `.cancelled` from then on. Idempotent.
  func cancel()
}

/// What a call is: the method's path, metadata, and how long it may take.
package struct RPCCall: Sendable {
  /// The full path, such as `/etcdserverpb.KV/Range`.
  package var path: String
  /// ASCII metadata in order; names are lower case.
  package var metadata: [(name: String, value: String)]
  /// Sent as `token`, and kept out of what compression remembers.
  package var token: Secret<String>?
  /// The time the whole call may take, sent as `grpc-timeout` and enforced locally; nil for none.
  package var timeout: Duration?
  /// Whether the server must be left to finish it once it has begun: who waits for it is told at once when he cancels or when
  /// the time is over, but the server is not, and the answer is thrown away when it comes.
  package var runsToItsEnd = false

  package init(path: String, metadata: [(name: String, value: String)] = [], timeout: Duration? = nil) {
    self.path = path
    self.metadata = metadata
    self.timeout = timeout
  }
}

/// Why a call failed: a gRPC status, from the server or made locally, and what is known about its processing.
package struct RPCError: Error, Sendable {
  /// The gRPC status codes.
  package enum Code: Int, Sendable {
    case ok = 0
    case cancelled, unknown, invalidArgument, deadlineExceeded, notFound, alreadyExists, permissionDenied
    case resourceExhausted, failedPrecondition, aborted, outOfRange, unimplemented, `internal`, unavailable, dataLoss
    case unauthenticated
  }

  /// How far the request came.
  package enum Progress: Sendable {
    /// No byte of it left this process, or the server said it never looked at it (GOAWAY, REFUSED_STREAM).
    case notProcessed
    /// The server answered with this status itself.
    case answered
    /// It may have been processed: the connection broke, the deadline passed or the caller cancelled after sending.
    case unknown
  }

  package var code: Code
  package var message: String
  package var progress: Progress
  /// Whether TLS failed in a way that trying the same endpoint again does not heal.
  package var isTLSFailure = false

  package init(_ code: Code, _ message: String, progress: Progress) {
    self.code = code
    self.message = message
    self.progress = progress
  }
}
