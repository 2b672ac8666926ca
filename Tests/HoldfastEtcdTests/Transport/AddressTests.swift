import HoldfastEtcd
import NIOCore
import TestSupport
import Testing

extension TransportTests {
  /// Names with several addresses.
  @Suite struct AddressTests {
    /// The script's port for the addresses that are given; the name itself resolves to nothing else.
    private func configuration(_ addresses: [(String, Int)]) throws -> TransportConfiguration {
      let addresses = try addresses.map { try SocketAddress(ipAddress: $0.0, port: $0.1) }
      var configuration = TransportConfiguration()
      configuration.settingsTimeout = .milliseconds(300)
      configuration.addresses = AddressLookup { _, _, family in family == .v4 ? addresses : [] }
      return configuration
    }

    private func port(of server: ScriptedServer) throws -> Int {
      guard case .host(_, let port) = server.endpoint.address else { throw RPCError.noPort }
      return port
    }

    @Test func anAddressThatRefusesIsFollowedByTheNext() async throws {
      let server = try await ScriptedServer.start()
      let dead = try await LoopbackPorts.free()
      let configuration = try configuration([("127.0.0.1", dead), ("127.0.0.1", port(of: server))])
      let connection = try await HTTP2Connection.connect(
        to: Endpoint("http://several.example"), configuration: configuration)
      await connection.close()
      await server.stop()
    }

    @Test func anAddressThatHangsIsNotTheFirstNextTime() async throws {
      let good = try await ScriptedServer.start()
      let hung = try await ScriptedServer.start(speaksHTTP2: false)
      let configuration = try configuration([("127.0.0.1", port(of: hung)), ("127.0.0.1", port(of: good))])
      let endpoint = try Endpoint("http://several.example")
      let first = await failure { try await HTTP2Connection.connect(to: endpoint, configuration: configuration) }
      #expect(first?.code == .unavailable)
      let connection = try await HTTP2Connection.connect(to: endpoint, configuration: configuration)
      await connection.close()
      await hung.stop()
      await good.stop()
    }

    @Test func theSystemKnowsLocalhost() throws {
      #expect(try AddressLookup.system("localhost", 2379, .v4).map(\.port) == [2379])
      #expect(throws: (any Error).self) { try AddressLookup.system("no-such-name.invalid", 2379, .v4) }
    }
  }
}

extension RPCError {
  fileprivate static let noPort = RPCError(.internal, "the server has no port", progress: .notProcessed)
}
