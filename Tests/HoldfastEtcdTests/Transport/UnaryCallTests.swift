import NIOHPACK
import Synchronization
import TestSupport
import Testing

@testable import HoldfastEtcd

extension TransportTests {
  @Suite struct Unary {
    private let call = RPCCall(path: "/test/Call")

    @Test func echoes() async throws {
      try await withServer(script: echo) { connection, _ in
        #expect(connection.isUsable)
        for size in [0, 1, 16_379, 16_384, 3_000_000] {
          let message = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
          let answer = try await connection.unary(call, message)
          #expect(answer == message)
        }
      }
    }

    /// Refused when it is announced, not when it has all arrived: the server never ends it.
    @Test(arguments: [[0, 0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 4, 1]] as [[UInt8]])
    func anAnswerBeyondTheLimitIsNotTakenIn(prefix: [UInt8]) async throws {
      var configuration = TransportConfiguration()
      configuration.maximumMessageSize = 1_024
      try await withServer(
        configuration: configuration,
        script: { cue, responder in
          guard case .end = cue else { return }
          responder.headers()
          responder.raw(prefix)
        }
      ) { connection, server in
        let error = await failure { try await connection.unary(call, []) }
        #expect(error?.code == .resourceExhausted)
        #expect(connection.isUsable)
      }
    }

    @Test func aSecondAnswerIsRefusedAtOnce() async throws {
      try await withServer(
        script: { cue, responder in
          guard case .end = cue else { return }
          responder.headers()
          responder.message([1])
          responder.message([2])
        }
      ) { connection, server in
        let error = await failure { try await connection.unary(call, []) }
        #expect(error?.code == .internal)
      }
    }

    /// Stream numbers are never used again, and past the last one the process would trap.
    @Test func aConnectionThatHasServedEnoughTakesNoMore() async throws {
      var configuration = TransportConfiguration()
      configuration.maximumStreams = 3
      try await withServer(configuration: configuration, script: echo) { connection, server in
        for number in 0..<3 as Range<UInt8> {
          #expect(connection.isUsable)
          let answer = try await connection.unary(call, [number])
          #expect(answer == [number])
        }
        #expect(!connection.isUsable)
        let error = await failure { try await connection.unary(call, []) }
        #expect(error?.progress == .notProcessed)
        let isClosed = await server.waits(for: .connectionClosed)
        #expect(isClosed)
      }
    }

    @Test func manyCallersAtOnce() async throws {
      try await withServer(script: echo) { connection, _ in
        let call = self.call
        try await withThrowingTaskGroup(of: Bool.self) { group in
          for caller in 0..<64 {
            group.addTask {
              for round in 0..<20 {
                let message = [UInt8(caller), UInt8(round)]
                guard try await connection.unary(call, message) == message else { return false }
              }
              return true
            }
          }
          for try await isRight in group { #expect(isRight) }
        }
      }
    }

    @Test func sendsTheHeaders() async throws {
      let shared = SharedHeaders()
      try await withServer(
        script: { cue, responder in
          if case .start(let headers) = cue { shared.headers.withLock { $0 = headers } }
          if case .end = cue { responder.answer([]) }
        }
      ) { connection, _ in
        let call = RPCCall(
          path: "/test/Call", metadata: [("token", "t-1"), ("hasleader", "true")], timeout: .seconds(9))
        _ = try await connection.unary(call, [])
        let headers = shared.headers.withLock { $0 }
        let expected = [
          ":method": "POST", ":scheme": "http", ":path": "/test/Call", ":authority": connection.endpoint.authority,
          "te": "trailers", "content-type": "application/grpc", "user-agent": "holdfast-swift",
          "grpc-timeout": "9000000u", "token": "t-1", "hasleader": "true",
        ]
        for (name, value) in expected { #expect(headers?[name] == [value]) }
        #expect(headers?.count == expected.count)
      }
    }

    @Test func framesMayCutMessagesAnywhere() async throws {
      try await withServer(script: { cue, responder in
        guard case .end = cue else { return }
        responder.headers()
        for byte: UInt8 in [0, 0, 0, 0, 3, 1, 2, 3] { responder.raw([byte]) }
        responder.raw([])
        responder.trailers(status: 0)
      }) { connection, _ in
        let answer = try await connection.unary(call, [])
        #expect(answer == [1, 2, 3])
      }
    }

    @Test(
      arguments: [
        [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 2], [0, 0, 0, 0, 2, 1], [0, 0], [],
      ] as [[UInt8]])
    func okNeedsExactlyOneMessage(bytes: [UInt8]) async throws {
      try await withServer(script: { cue, responder in
        guard case .end = cue else { return }
        responder.headers()
        responder.raw(bytes)
        responder.trailers(status: 0)
      }) { connection, _ in
        let error = await failure { try await connection.unary(call, []) }
        #expect(error?.code == .internal)
        #expect(error?.progress == .unknown)
      }
    }

    @Test func aCompressedMessageIsAnError() async throws {
      try await withServer(script: { cue, responder in
        guard case .end = cue else { return }
        responder.headers()
        responder.raw([1, 0, 0, 0, 0])
        responder.trailers(status: 0)
      }) { connection, _ in
        let error = await failure { try await connection.unary(call, []) }
        #expect(error?.code == .internal)
      }
    }

    @Test func theLimitOfAnAnswer() async throws {
      var configuration = TransportConfiguration()
      configuration.maximumMessageSize = 1_000
      try await withServer(configuration: configuration, script: echo) { connection, _ in
        let answer = try await connection.unary(call, [UInt8](repeating: 1, count: 1_000))
        #expect(answer.count == 1_000)
        let error = await failure { try await connection.unary(call, [UInt8](repeating: 1, count: 1_001)) }
        #expect(error?.code == .resourceExhausted)
        #expect(error?.progress == .unknown)
        #expect(connection.isUsable)
      }
    }

    @Test func badMetadataHurtsItsCallOnly() async throws {
      try await withServer(script: echo) { connection, _ in
        for (name, value) in [("Upper", "x"), ("", "x"), ("name", "line\nbreak"), (":path", "/x")] {
          let call = RPCCall(path: "/test/Call", metadata: [(name, value)])
          let error = await failure { try await connection.unary(call, []) }
          #expect(error?.code == .invalidArgument)
          #expect(error?.progress == .notProcessed)
        }
        let answer = try await connection.unary(call, [1])
        #expect(answer == [1])
      }
    }

    @Test func overAUnixSocket() async throws {
      let path = "/tmp/holdfast-\(UInt64.random(in: 0 ... .max)).sock"
      let server = try await ScriptedServer.start(unixPath: path, script: echo)
      let connection = try await HTTP2Connection.connect(to: server.endpoint)
      let answer = try await connection.unary(call, [4])
      #expect(answer == [4])
      await connection.close()
      await server.stop()
    }
  }
}

private final class SharedHeaders: Sendable {
  let headers = Mutex<HPACKHeaders?>(nil)
}
