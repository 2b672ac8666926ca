import NIOCore
import NIOHTTP2
import TestSupport
import Testing

@testable import HoldfastEtcd

extension TransportTests {
  /// How a connection begins and ends.
  @Suite struct Connections {
    private let call = RPCCall(path: "/test/Call")
    private let silent = RPCCall(path: "/test/Silent")

    @Test func nobodyListens() async throws {
      let server = try await ScriptedServer.start()
      await server.stop()
      let error = await failure { try await HTTP2Connection.connect(to: server.endpoint) }
      #expect(error?.code == .unavailable)
      #expect(error?.progress == .notProcessed)
      #expect(error?.message.contains(server.endpoint.description) == true)
    }

    @Test func aNameThatDoesNotResolve() async throws {
      let error = await failure { try await HTTP2Connection.connect(to: Endpoint("http://no-such-name.invalid")) }
      #expect(error?.code == .unavailable)
      #expect(error?.message.contains("no-such-name.invalid") == true)
    }

    @Test func aNameThatResolves() async throws {
      let server = try await ScriptedServer.start(script: echo)
      guard case .host(_, let port) = server.endpoint.address else { return }
      let connection = try await HTTP2Connection.connect(to: Endpoint("http://localhost:\(port)"))
      let answer = try await connection.unary(call, [1])
      #expect(answer == [1])
      await connection.close()
      await server.stop()
    }

    @Test func aServerThatAcceptsAndSaysNothing() async throws {
      let server = try await ScriptedServer.start(speaksHTTP2: false)
      var configuration = TransportConfiguration()
      configuration.settingsTimeout = .milliseconds(50)
      let error = await failure { try await HTTP2Connection.connect(to: server.endpoint, configuration: configuration) }
      #expect(error?.code == .unavailable)
      #expect(error?.message.contains("SETTINGS") == true)
      await server.stop()
    }

    @Test func connectingCanBeCancelled() async throws {
      let server = try await ScriptedServer.start(speaksHTTP2: false)
      for round in 0..<20 {
        let task = Task { await failure { try await HTTP2Connection.connect(to: server.endpoint) } }
        for _ in 0..<round { await Task.yield() }
        task.cancel()
        #expect(await task.value?.code == .cancelled)
      }
      await server.stop()
    }

    @Test func closing() async throws {
      try await withServer(script: { _, _ in }) { connection, server in
        let call = silent
        let task = Task { await failure { try await connection.unary(call, [1]) } }
        let stream = try await connection.open(call)
        #expect(await server.waits(for: .message([1])))
        await connection.close()
        await connection.close()
        #expect(!connection.isUsable)
        let error = await task.value
        #expect(error?.code == .unavailable)
        #expect(error?.progress == .unknown)
        #expect(await failure { try await stream.next(timeout: nil) }?.code == .unavailable)
        let late = await failure { try await connection.unary(call, [1]) }
        #expect(late?.code == .unavailable)
        #expect(late?.progress == .notProcessed)
        #expect(await failure { try await connection.open(call) }?.progress == .notProcessed)
      }
    }

    @Test func droppingAConnectionClosesIt() async throws {
      let server = try await ScriptedServer.start(script: echo)
      var connection: HTTP2Connection? = try await HTTP2Connection.connect(to: server.endpoint)
      var stream = try await connection?.open(call)
      connection = nil
      try await stream?.send([1])
      let message = try await stream?.next(timeout: nil)
      #expect(message == [1], "a stream keeps its connection")
      stream = nil
      #expect(await server.waits(for: .connectionClosed))
      await server.stop()
    }

    @Test func lossFailsWhatIsInFlight() async throws {
      try await withServer(script: { cue, responder in
        if case .end = cue { responder.closeConnection() }
      }) { connection, _ in
        let stream = try await connection.open(silent)
        let error = await failure { try await connection.unary(call, [1]) }
        #expect(error?.code == .unavailable)
        #expect(error?.progress == .unknown)
        #expect(await failure { try await stream.next(timeout: nil) }?.code == .unavailable)
        #expect(!connection.isUsable)
      }
    }

    @Test func aCallThatWaitsForItsTurnWasNeverProcessed() async throws {
      try await withServer(
        maximumStreams: 1,
        script: { cue, responder in
          if responder.path == "/test/Stream", case .message = cue { responder.closeConnection() }
        }
      ) { connection, server in
        let stream = try await connection.open(RPCCall(path: "/test/Stream"))
        let call = self.call
        let task = Task { await failure { try await connection.unary(call, [1]) } }
        #expect(await server.waits(for: .request(path: "/test/Stream")))
        // The call's own deadline shows that it is on its way and waits.
        let waiting = RPCCall(path: "/test/Call", timeout: .milliseconds(20))
        #expect(await failure { try await connection.unary(waiting, [1]) }?.code == .deadlineExceeded)
        try await stream.send([1])
        let error = await task.value
        #expect(error?.code == .unavailable)
        #expect(error?.progress == .notProcessed)
      }
    }

    @Test func aCallThatIsCancelledWhileItWaitsNeverReachesTheServer() async throws {
      try await withServer(
        maximumStreams: 1,
        script: { cue, responder in
          switch (responder.path, cue) {
          case ("/test/Stream", .message): responder.trailersOnly(status: 0)
          case ("/test/Late", .start): responder.closeConnection()
          case ("/test/Call", .end): responder.answer([1])
          default: break
          }
        }
      ) { connection, server in
        let stream = try await connection.open(RPCCall(path: "/test/Stream"))
        #expect(await server.waits(for: .request(path: "/test/Stream")))
        let late = RPCCall(path: "/test/Late", timeout: .milliseconds(20))
        #expect(await failure { try await connection.unary(late, [1]) }?.code == .deadlineExceeded)
        try await stream.send([1])
        let end = try await stream.next(timeout: nil)
        #expect(end == nil)
        let answer = try await connection.unary(call, [1])
        #expect(answer == [1])
      }
    }

    @Test func goAwayFinishesWhatIsInFlight() async throws {
      try await withServer(script: { cue, responder in
        guard case .end = cue else { return }
        responder.goAway(lastStreamID: 1)
        // A round trip later: the PING's answer would show it, the test's own call does as well.
        responder.stream.eventLoop.scheduleTask(in: .milliseconds(20)) { responder.answer([5]) }
      }) { connection, server in
        let answer = try await connection.unary(call, [1])
        #expect(answer == [5])
        #expect(!connection.isUsable)
        let late = await failure { try await connection.unary(call, [1]) }
        #expect(late?.code == .unavailable)
        #expect(late?.progress == .notProcessed)
        #expect(await server.waits(for: .connectionClosed), "drained, it closes by itself")
      }
    }

    @Test(arguments: [1, 1_000_000]) func goAwayRefusesWhatIsAboveItsLimit(size: Int) async throws {
      try await withServer(script: { cue, responder in
        switch (responder.path, cue) {
        case ("/test/First", .message): responder.trailersOnly(status: 0)
        case ("/test/Second", .start): responder.goAway(lastStreamID: 1)
        default: break
        }
      }) { connection, _ in
        let first = try await connection.open(RPCCall(path: "/test/First"))
        let second = RPCCall(path: "/test/Second")
        // The long one has frames that still wait for the window when it is refused.
        let message = [UInt8](repeating: 1, count: size)
        let error = await failure { try await connection.unary(second, message) }
        #expect(error?.code == .unavailable)
        #expect(error?.progress == .notProcessed)
        #expect(error?.message.contains("bye") == true)
        #expect(!connection.isUsable)
        try await first.send([1])
        let end = try await first.next(timeout: nil)
        #expect(end == nil, "the stream below the limit goes on")
      }
    }

    @Test func aServersPingsAreNoAttack() async throws {
      try await withServer(script: { cue, responder in
        guard case .end = cue else { return }
        for number in 0..<1_000 { responder.ping(UInt64(number)) }
        responder.answer([1])
      }) { connection, _ in
        for _ in 0..<3 {
          let answer = try await connection.unary(call, [1])
          #expect(answer == [1])
        }
        #expect(connection.isUsable)
      }
    }
  }
}
