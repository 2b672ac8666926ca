import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import HoldfastEtcd

extension TransportTests {
  @Suite struct FlowControl {
    /// The messages that a server has handed to its socket.
    private final class Sent: Sendable {
      let count = Atomic(0)
    }

    @Test func aSlowConsumerStopsItsServerAndNobodyElse() async throws {
      let (messages, size, window) = (200, 10_000, 100_000)
      let sent = Sent()
      var configuration = TransportConfiguration()
      configuration.streamWindow = window
      // Smaller than what the stream will send: held back by the consumer, it would stall the other calls.
      configuration.connectionWindow = 200_000
      try await withServer(
        configuration: configuration,
        script: { cue, responder in
          guard responder.path == "/test/Flood" else { return echo(cue, responder) }
          guard case .start = cue else { return }
          responder.headers()
          for number in 0..<messages {
            let promise = responder.stream.eventLoop.makePromise(of: Void.self)
            promise.futureResult.whenSuccess { sent.count.add(1, ordering: .relaxed) }
            responder.message([UInt8](repeating: UInt8(number), count: size), promise: promise)
          }
          responder.trailers(status: 0)
        }
      ) { connection, _ in
        let stream = try await connection.open(RPCCall(path: "/test/Flood"))
        let first = try await stream.next(timeout: nil)
        #expect(first?.count == size)
        // Together far more than both windows.
        for _ in 0..<100 {
          let answer = try await connection.unary(RPCCall(path: "/test/Call"), [UInt8](repeating: 1, count: 20_000))
          #expect(answer.count == 20_000)
        }
        // One window was read for the first message, one more waits unread.
        #expect(sent.count.load(ordering: .relaxed) <= 2 * window / size + 1)
        for number in 1..<messages {
          let message = try await stream.next(timeout: nil)
          #expect(message == [UInt8](repeating: UInt8(number), count: size))
        }
        let end = try await stream.next(timeout: nil)
        #expect(end == nil)
      }
    }

    @Test func aMessageLargerThanTheWindow() async throws {
      var configuration = TransportConfiguration()
      configuration.streamWindow = 70_000
      try await withServer(configuration: configuration, script: echo) { connection, _ in
        let message = [UInt8](repeating: 3, count: 5_000_000)
        let answer = try await connection.unary(RPCCall(path: "/test/Call"), message)
        #expect(answer == message)
        let stream = try await connection.open(RPCCall(path: "/test/Stream"))
        try await stream.send(message)
        let next = try await stream.next(timeout: nil)
        #expect(next == message)
      }
    }

    @Test func sendingWaitsForTheServerAndCanBeCancelled() async throws {
      try await withServer(script: { cue, responder in
        if responder.path == "/test/Deaf" {
          // Its window closes, the connection's other streams go on.
          responder.stream.setOption(.autoRead, value: false).whenFailure { _ in }
        } else {
          echo(cue, responder)
        }
      }) { connection, server in
        let stream = try await connection.open(RPCCall(path: "/test/Deaf"))
        #expect(await server.waits(for: .request(path: "/test/Deaf")))
        let task = Task { await failure { try await stream.send([UInt8](repeating: 1, count: 1_000_000)) } }
        let answer = try await connection.unary(RPCCall(path: "/test/Call"), [1])
        #expect(answer == [1])
        task.cancel()
        let error = await task.value
        #expect(error?.code == .cancelled)
        // When the task was cancelled before it got so far, nothing was written and the stream stays.
        if error?.progress == .unknown {
          #expect(await server.waits(for: .reset(path: "/test/Deaf", code: 8)))
        }
      }
    }
  }
}
