import TestSupport
import Testing

@testable import HoldfastEtcd

/// Every transport test ends by itself: a call that never returns fails its test instead of the whole run.
///
/// One after the other: some have tight time limits, and on a busy machine their neighbours would use them up.
@Suite(.serialized, .timeLimit(.minutes(1)))
enum TransportTests {}

extension TransportTests {
  /// Runs a test against a server and a connection to it, and takes both down afterwards.
  static func withServer(
    maximumStreams: Int = 1_000, configuration: TransportConfiguration = TransportConfiguration(),
    script: @escaping ScriptedServer.Script,
    _ body: (HTTP2Connection, ScriptedServer) async throws -> Void
  ) async throws {
    let server = try await ScriptedServer.start(maximumStreams: maximumStreams, script: script)
    do {
      let connection = try await HTTP2Connection.connect(to: server.endpoint, configuration: configuration)
      try await body(connection, server)
      await connection.close()
    } catch {
      await server.stop()
      throw error
    }
    await server.stop()
  }

  /// The error that a call throws, nil when it succeeds.
  static func failure<Value>(of body: () async throws -> Value) async -> RPCError? {
    do {
      _ = try await body()
      return nil
    } catch {
      return error as? RPCError
    }
  }

  /// Answers with what it gets, message by message.
  @Sendable static func echo(_ cue: ScriptedServer.Cue, _ responder: Responder) {
    switch cue {
    case .start: responder.headers()
    case .message(let message): responder.message(message)
    case .end: responder.trailers(status: 0)
    }
  }
}
