import NIOCore
import Synchronization

/// A bidirectional stream as its two tasks see it.
///
/// Messages are fetched from the event loop in batches, all that are there at a time: one change of threads serves many
/// events when they come fast.
package final class HTTP2Stream: RPCStream {
  private struct Inbox {
    var messages: ArraySlice<[UInt8]> = []
    var isCancelled = false
    var lastToken = 0

    mutating func nextToken() -> Int {
      lastToken += 1
      return lastToken
    }
  }

  private enum Taken {
    case message([UInt8])
    case nothing(token: Int)
    case cancelled
  }

  private let handler: StreamHandler
  /// A stream keeps its connection: that closes the socket when nobody refers to it any more.
  private let connection: HTTP2Connection
  private let inbox = Mutex(Inbox())

  init(handler: StreamHandler, connection: HTTP2Connection) {
    self.handler = handler
    self.connection = connection
  }

  deinit {
    handler.cancel()
  }

  package func send(_ message: [UInt8]) async throws(RPCError) {
    let frame = try GRPCFraming.frame(message, allocator: connection.allocator)
    let token = inbox.withLock { $0.nextToken() }
    let handler = self.handler
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { handler.send(frame, $0, token: token) }
    } onCancel: {
      handler.cancelSend(token: token)
    }
    try result.get()
  }

  package func next(timeout: Duration?) async throws(RPCError) -> [UInt8]? {
    let token: Int
    switch take() {
    case .message(let message): return message
    case .cancelled: throw .cancelledLocally(.unknown)
    case .nothing(let newToken): token = newToken
    }

    let deadline = timeout.map { NIODeadline.now() + TimeAmount(limiting: $0) }
    let handler = self.handler
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { handler.receive($0, token: token, deadline: deadline) }
    } onCancel: {
      handler.cancelReceive(token: token)
    }
    guard let batch = try result.get(), let first = batch.first else { return nil }
    inbox.withLock { inbox in
      if !inbox.isCancelled { inbox.messages = batch.dropFirst() }
    }
    return first
  }

  package func cancel() {
    inbox.withLock { inbox in
      inbox.isCancelled = true
      inbox.messages = []
    }
    handler.cancel()
  }

  private func take() -> Taken {
    inbox.withLock { inbox in
      if inbox.isCancelled { return .cancelled }
      if let message = inbox.messages.popFirst() { return .message(message) }
      return .nothing(token: inbox.nextToken())
    }
  }
}
