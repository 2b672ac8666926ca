import TestSupport
import Testing

@testable import HoldfastEtcd

extension TransportTests {
  @Suite struct KeepAlive {
    private func configuration(timeout: Duration) -> TransportConfiguration {
      var configuration = TransportConfiguration()
      configuration.keepAliveMinimum = .milliseconds(10)
      configuration.keepAliveInterval = .milliseconds(10)
      configuration.keepAliveTimeout = timeout
      return configuration
    }

    @Test func aDeadServerIsFoundOut() async throws {
      try await withServer(
        configuration: configuration(timeout: .milliseconds(50)),
        script: { cue, responder in
          if case .start = cue { responder.playDead() }
        }
      ) { connection, _ in
        let stream = try await connection.open(RPCCall(path: "/test/Stream"))
        let error = await failure { try await stream.next(timeout: nil) }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("keep-alive") == true)
        #expect(error?.progress == .unknown)
        #expect(!connection.isUsable)
      }
    }

    @Test func aQuietServerThatAnswersIsKept() async throws {
      let configuration = configuration(timeout: .seconds(30))
      try await withServer(configuration: configuration, script: echo) { connection, server in
        let stream = try await connection.open(RPCCall(path: "/test/Stream"))
        // The one after an answer is the proof that the answer was seen.
        for _ in 0..<5 { #expect(await server.waits(for: .ping)) }
        #expect(connection.isUsable)
        try await stream.send([1])
        let message = try await stream.next(timeout: nil)
        #expect(message == [1])
      }
    }

    @Test func onlyWhileCallsAreOpen() async throws {
      let configuration = configuration(timeout: .seconds(30))
      try await withServer(configuration: configuration, script: echo) { _, idle in
        try await withServer(configuration: configuration, script: echo) { busyConnection, busy in
          let stream = try await busyConnection.open(RPCCall(path: "/test/Stream"))
          for _ in 0..<5 { #expect(await busy.waits(for: .ping)) }
          stream.cancel()
        }
        await idle.stop()
        #expect(await !idle.waits(for: .ping, until: .connectionClosed))
      }
    }

    @Test func neverFasterThanTheMinimum() async throws {
      var configuration = configuration(timeout: .seconds(30))
      configuration.keepAliveMinimum = .milliseconds(100)
      try await withServer(configuration: configuration, script: echo) { connection, server in
        let start = ContinuousClock.now
        let stream = try await connection.open(RPCCall(path: "/test/Stream"))
        for _ in 0..<3 { #expect(await server.waits(for: .ping)) }
        #expect(ContinuousClock.now - start >= .milliseconds(200))
        stream.cancel()
      }
    }
  }
}
