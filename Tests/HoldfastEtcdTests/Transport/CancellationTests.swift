import TestSupport
import Testing

@testable import HoldfastEtcd

extension TransportTests {
  /// Deadlines and cancellation, which have to reach the server too.
  @Suite struct Cancellation {
    private let silent = RPCCall(path: "/test/Silent")
    private let cancelled = ScriptedServer.Event.reset(path: "/test/Silent", code: 8)

    @Sendable private static func silence(_ cue: ScriptedServer.Cue, _ responder: Responder) {
      if responder.path != "/test/Silent" { TransportTests.echo(cue, responder) }
    }

    @Test func aCancelledCallIsResetAtTheServer() async throws {
      try await withServer(script: Self.silence) { connection, server in
        let call = silent
        let task = Task { await failure { try await connection.unary(call, [1]) } }
        #expect(await server.waits(for: .message([1])))
        task.cancel()
        #expect(await server.waits(for: cancelled))
        let error = await task.value
        #expect(error?.code == .cancelled)
        #expect(error?.progress == .unknown)
        #expect(connection.isUsable)
      }
    }

    @Test func aCancelledTaskSendsNothing() async throws {
      try await withServer(script: echo) { connection, _ in
        let call = silent
        let error = await Task {
          withUnsafeCurrentTask { $0?.cancel() }
          return await failure { try await connection.unary(call, [1]) }
        }.value
        #expect(error?.code == .cancelled)
        #expect(error?.progress == .notProcessed)
      }
    }

    @Test func cancellingAtAnyMoment() async throws {
      try await withServer(script: echo) { connection, _ in
        await withTaskGroup(of: RPCError?.self) { group in
          for round in 0..<500 {
            let task = Task {
              await failure {
                try await connection.unary(RPCCall(path: "/test/Call"), [UInt8](repeating: 1, count: round))
              }
            }
            group.addTask {
              for _ in 0..<(round % 50) { await Task.yield() }
              task.cancel()
              return await task.value
            }
          }
          for await error in group { #expect(error == nil || error?.code == .cancelled) }
        }
        let answer = try await connection.unary(RPCCall(path: "/test/Call"), [1])
        #expect(answer == [1])
      }
    }

    @Test func theDeadlineOfACall() async throws {
      try await withServer(script: Self.silence) { connection, server in
        let call = RPCCall(path: "/test/Silent", timeout: .milliseconds(30))
        let start = ContinuousClock.now
        let error = await failure { try await connection.unary(call, [1]) }
        #expect(ContinuousClock.now - start >= .milliseconds(30))
        #expect(error?.code == .deadlineExceeded)
        #expect(error?.progress == .unknown)
        #expect(await server.waits(for: cancelled))
      }
    }

    @Test func aDeadlineThatHasPassed() async throws {
      try await withServer(script: echo) { connection, _ in
        let error = await failure { try await connection.unary(RPCCall(path: "/test/Call", timeout: .zero), [1]) }
        #expect(error?.code == .deadlineExceeded)
        #expect(error?.progress == .notProcessed)
      }
    }

    @Test func theDeadlineOfAStream() async throws {
      try await withServer(script: Self.silence) { connection, server in
        let stream = try await connection.open(RPCCall(path: "/test/Silent", timeout: .milliseconds(30)))
        let error = await failure { try await stream.next(timeout: nil) }
        #expect(error?.code == .deadlineExceeded)
        #expect(await server.waits(for: cancelled))
      }
    }

    @Test func aStreamsTimeLimitForOneMessage() async throws {
      try await withServer(script: echo) { connection, _ in
        let stream = try await connection.open(RPCCall(path: "/test/Echo"))
        for round: UInt8 in 0..<3 {
          let error = await failure { try await stream.next(timeout: .milliseconds(10)) }
          #expect(error?.code == .deadlineExceeded)
          try await stream.send([round])
          let message = try await stream.next(timeout: .seconds(30))
          #expect(message == [round])
        }
      }
    }

    @Test func cancellingAStream() async throws {
      try await withServer(script: Self.silence) { connection, server in
        let stream = try await connection.open(silent)
        let task = Task { await failure { try await stream.next(timeout: nil) } }
        stream.cancel()
        stream.cancel()
        #expect(await task.value?.code == .cancelled)
        #expect(await server.waits(for: cancelled))
        #expect(await failure { try await stream.next(timeout: nil) }?.code == .cancelled)
        #expect(await failure { try await stream.send([1]) }?.code == .cancelled)
      }
    }

    @Test func droppingAStreamResetsIt() async throws {
      try await withServer(script: Self.silence) { connection, server in
        var stream: (any RPCStream)? = try await connection.open(silent)
        try await stream?.send([1])
        #expect(await server.waits(for: .message([1])))
        stream = nil
        #expect(await server.waits(for: cancelled))
      }
    }

    @Test func cancellingATaskThatReceivesLeavesTheStream() async throws {
      try await withServer(script: echo) { connection, _ in
        let stream = try await connection.open(RPCCall(path: "/test/Echo"))
        for round: UInt8 in 0..<20 {
          let task = Task { await failure { try await stream.next(timeout: nil) } }
          for _ in 0..<round { await Task.yield() }
          task.cancel()
          #expect(await task.value?.code == .cancelled)
        }
        try await stream.send([5])
        let message = try await stream.next(timeout: nil)
        #expect(message == [5])
      }
    }

    @Test func twoTasksOnOneSide() async throws {
      try await withServer(script: Self.silence) { connection, _ in
        let stream = try await connection.open(silent)
        async let first = failure { try await stream.next(timeout: .milliseconds(200)) }
        async let second = failure { try await stream.next(timeout: .milliseconds(200)) }
        let codes = await Set([first?.code, second?.code])
        #expect(codes.contains(.deadlineExceeded))
        #expect(codes.isSubset(of: [.deadlineExceeded, .internal]))
      }
    }
  }
}
