import NIOHTTP2
import TestSupport
import Testing

@testable import HoldfastEtcd

extension TransportTests {
  @Suite struct Streams {
    private let call = RPCCall(path: "/test/Stream")

    @Test func conversation() async throws {
      try await withServer(script: echo) { connection, _ in
        let stream = try await connection.open(call)
        for size in [0, 1, 70_000, 16_379, 2_000_000] {
          let message = [UInt8](repeating: 7, count: size)
          try await stream.send(message)
          let answer = try await stream.next(timeout: nil)
          #expect(answer == message)
        }
      }
    }

    @Test func aBurstArrivesInOrderAndThenTheEnd() async throws {
      try await withServer(script: { cue, responder in
        guard case .start = cue else { return }
        responder.headers()
        for number in 0..<2_000 { responder.message([UInt8(number & 255), UInt8(number >> 8)]) }
        responder.trailers(status: 0)
      }) { connection, _ in
        let stream = try await connection.open(call)
        for number in 0..<2_000 {
          let message = try await stream.next(timeout: nil)
          #expect(message == [UInt8(number & 255), UInt8(number >> 8)])
        }
        for _ in 0..<2 {
          let end = try await stream.next(timeout: nil)
          #expect(end == nil)
        }
        let error = await failure { try await stream.send([1]) }
        #expect(error?.code == .unavailable)
      }
    }

    @Test func anErrorComesAfterTheMessagesBeforeIt() async throws {
      try await withServer(script: { cue, responder in
        guard case .start = cue else { return }
        responder.headers()
        responder.message([1])
        responder.message([2])
        responder.trailers(status: 14, message: "etcdserver: leader changed")
      }) { connection, _ in
        let stream = try await connection.open(call)
        let messages = [try await stream.next(timeout: nil), try await stream.next(timeout: nil)]
        #expect(messages == [[1], [2]])
        for _ in 0..<2 {
          let error = await failure { try await stream.next(timeout: nil) }
          #expect(error?.code == .unavailable)
          #expect(error?.message == "etcdserver: leader changed")
          #expect(error?.progress == .answered)
        }
      }
    }

    @Test func refusedAtOnce() async throws {
      try await withServer(script: { cue, responder in
        if case .start = cue { responder.trailersOnly(status: 16, message: "no token") }
      }) { connection, _ in
        let stream = try await connection.open(call)
        #expect(await failure { try await stream.next(timeout: nil) }?.code == .unauthenticated)
      }
    }

    @Test func resetByTheServer() async throws {
      try await withServer(script: { cue, responder in
        if case .start = cue { responder.reset(.refusedStream) }
      }) { connection, _ in
        let stream = try await connection.open(call)
        let error = await failure { try await stream.next(timeout: nil) }
        #expect(error?.code == .unavailable)
        #expect(error?.progress == .notProcessed)
      }
    }

    @Test(arguments: [[1, 0, 0, 0, 0], [0, 255, 255, 255, 255]] as [[UInt8]])
    func aBrokenPrefixEndsTheStream(prefix: [UInt8]) async throws {
      try await withServer(script: { cue, responder in
        guard case .start = cue else { return }
        responder.headers()
        responder.raw([0, 0, 0, 0, 1, 9] + prefix)
      }) { connection, server in
        let stream = try await connection.open(call)
        let message = try await stream.next(timeout: nil)
        #expect(message == [9])
        let error = await failure { try await stream.next(timeout: nil) }
        #expect(error?.code == .internal || error?.code == .resourceExhausted)
        #expect(await server.waits(for: .reset(path: "/test/Stream", code: 8)))
      }
    }

    @Test func cutOffInsideAMessage() async throws {
      try await withServer(script: { cue, responder in
        guard case .start = cue else { return }
        responder.headers()
        responder.raw([0, 0, 0, 0, 2, 9])
        responder.trailers(status: 0)
      }) { connection, _ in
        let stream = try await connection.open(call)
        #expect(await failure { try await stream.next(timeout: nil) }?.code == .internal)
      }
    }
  }
}
