import HoldfastEtcdMachines
import NIOCore
import NIOEmbedded
import Testing

@testable import HoldfastEtcd

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

extension TransportTests {
  /// One attempt to connect, and a socket without a network.
  @Suite struct ConnectAttempts {
    private let channel = EmbeddedChannel()
    private let state = ConnectionState(maximumStreams: 10)

    /// Connected, but its settings have not come.
    private func connected(_ attempt: ConnectAttempt, usesTLS: Bool = false) throws {
      let multiplexer = HTTP2Multiplexer(state: state, streamWindow: 1_000, connectionWindow: 100_000)
      try multiplexer.install(in: channel.pipeline.syncOperations)
      let handler = ConnectionHandler(state: state, settingsTimeout: .seconds(1), usesTLS: usesTLS)
      try channel.pipeline.syncOperations.addHandler(handler)
      try attempt.add(channel, handler, multiplexer)
      try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    /// The error of an attempt whose socket is closed before anybody waits for its settings: its pipeline is gone by then.
    private func errorOfAClosedSocket(usesTLS: Bool = false, _ close: () throws -> Void) throws -> (any Error)? {
      let attempt = ConnectAttempt(eventLoop: channel.eventLoop)
      // A promise must be kept.
      defer { attempt.cancel() }
      try connected(attempt, usesTLS: usesTLS)
      try close()
      channel.embeddedEventLoop.run()
      #expect(throws: ChannelPipelineError.self) {
        try channel.pipeline.syncOperations.handler(type: ConnectionHandler.self)
      }
      do {
        let opened = try attempt.awaitSettings(of: channel).wait()
        Issue.record("A closed socket counts as open: \(opened)")
        return nil
      } catch {
        return error
      }
    }

    @Test func aSocketThatWasClosedBeforeAnybodyWaitedSaysWhy() throws {
      let error = try errorOfAClosedSocket { _ = try channel.finish() }
      let message = (error as? RPCError)?.message
      #expect(message?.contains("without a word of HTTP/2") == true, "\(String(describing: error))")
    }

    /// Servers that take no certificate of this client say so after the handshake, and their reset may overtake that.
    @Test(arguments: [true, false]) func aResetSaysWhatIsLikely(usesTLS: Bool) throws {
      let error = try errorOfAClosedSocket(usesTLS: usesTLS) {
        channel.pipeline.fireErrorCaught(IOError(errnoCode: ECONNRESET, reason: "read"))
      }
      let message = (error as? RPCError)?.message ?? ""
      #expect(message.contains("check the port"), "\(message)")
      #expect(message.contains("certificate") == usesTLS && message.contains("https://") != usesTLS, "\(message)")
    }

    @Test func otherFailuresOfASocketAreSaidAsTheyAre() throws {
      let error = try errorOfAClosedSocket {
        channel.pipeline.fireErrorCaught(IOError(errnoCode: EHOSTUNREACH, reason: "read"))
      }
      let message = (error as? RPCError)?.message ?? ""
      #expect(message.contains("No route to host") && !message.contains("HTTP/2"), "\(message)")
    }

    @Test func aHandshakeThatFailedBeforeAnybodyWaitedSaysWhy() throws {
      let error = try errorOfAClosedSocket { state.fail(.ended) }
      #expect(error is TLSFailure, "\(String(describing: error))")
    }

    @Test func aSocketOfAnAttemptThatWasGivenUpIsRefused() throws {
      let attempt = ConnectAttempt(eventLoop: channel.eventLoop)
      attempt.cancel()
      let error = #expect(throws: RPCError.self) { try connected(attempt) }
      #expect(error?.code == .cancelled)
    }
  }
}
