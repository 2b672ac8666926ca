internal import NIOCore
internal import Synchronization

/// Opens a TCP connection to a loopback port for as long as the body takes. Throws when it is refused.
package func withTCPClient<R>(to port: Int, body: (TCPClient) async throws -> R) async throws -> R {
  let connection = try await LoopbackListener.connect(to: port)
  var result: R?
  // The result leaves through a variable: what `executeThenClose` returns must be sendable.
  try await connection.executeThenClose { inbound, outbound in
    let client = TCPClient(outbound: outbound)
    result = try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await client.receive(from: inbound) }
      defer { group.cancelAll() }
      return try await body(client)
    }
  }
  guard let result else { throw EtcdFixtureError("the connection ended without its body") }
  return result
}

/// The simplest peer: sends bytes, collects what comes back, and knows how the connection ended.
package final class TCPClient: Sendable {
  package enum End: Sendable {
    /// The peer finished sending (FIN).
    case finished
    /// The connection broke (RST).
    case broken
  }

  private struct State {
    var text = ""
    var count = 0
    var end: End?
  }

  private let state = Mutex(State())
  private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

  init(outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) {
    self.outbound = outbound
  }

  /// What was received so far, its first 4 KiB.
  package var received: String { state.withLock { $0.text } }
  package var receivedBytes: Int { state.withLock { $0.count } }
  /// Nil while the connection is open.
  package var end: End? { state.withLock { $0.end } }

  /// Returns when the bytes were handed to the socket (back-pressure).
  package func send(_ text: String) async throws {
    try await outbound.write(ByteBuffer(string: text))
  }

  /// No more bytes from here (FIN); receiving goes on.
  package func finish() {
    outbound.finish()
  }

  func receive(from inbound: NIOAsyncChannelInboundStream<ByteBuffer>) async {
    var end = End.finished
    do {
      for try await bytes in inbound {
        state.withLock { state in
          if state.text.utf8.count < 4096 { state.text += String(buffer: bytes) }
          state.count += bytes.readableBytes
        }
      }
    } catch {
      end = .broken
    }
    state.withLock { $0.end = end }
  }
}
