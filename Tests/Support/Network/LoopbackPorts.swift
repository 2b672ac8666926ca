internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Ports for servers that tests start.
package enum LoopbackPorts {
  /// Below the range that kernels take the ports of outgoing connections from: a server that is down for a moment must
  /// find its port free when it comes back.
  private static let range = 12_000..<32_000
  private static let handedOut = Mutex<Set<Int>>([])

  /// A port that nobody listens on now, never given twice in one run. Another process may still be quicker: callers
  /// try again with another port then.
  package static func free() async throws -> Int {
    for _ in 0..<200 {
      let port = Int.random(in: range)
      guard handedOut.withLock({ $0.insert(port).inserted }) else { continue }
      let probe = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      if let channel = try? await probe.bind(host: "127.0.0.1", port: port).get() {
        try await channel.close()
        return port
      }
    }
    throw EtcdFixtureError("no free port in \(range)")
  }
}
