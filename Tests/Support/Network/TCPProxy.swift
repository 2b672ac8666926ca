/// Runs a proxy on a loopback port of its own that forwards to another loopback port, for as long as the body takes.
package func withTCPProxy<R>(to target: Int, body: (TCPProxy) async throws -> R) async throws -> R {
  let proxy = TCPProxy(target: target, listener: try await LoopbackListener.started())
  return try await proxy.listener.whileServing(proxy.relay) { try await body(proxy) }
}

/// A TCP proxy in user space whose faults a test commands: connections cut, refused, or silent with open sockets.
///
/// Nothing is buffered beyond a few reads for each direction: a receiver that does not read stops the sender, as on a
/// direct connection.
package final class TCPProxy: Sendable {
  package enum Cut: Sendable {
    /// RST: the other side's reads and writes fail at once.
    case reset
    /// FIN: an orderly end. (The kernel still sends RST when bytes that nobody read are lying in the socket.)
    case finish
  }

  package enum Direction: Sendable, CaseIterable {
    case toServer, toClient
  }

  let target: Int
  let listener: LoopbackListener
  let valves: [Direction: Valve] = [.toServer: Valve(), .toClient: Valve()]

  init(target: Int, listener: LoopbackListener) {
    self.target = target
    self.listener = listener
  }

  /// The port that clients connect to; it stays the same when connections are refused and accepted again.
  package var port: Int { listener.port }

  /// `http://127.0.0.1:PORT`.
  package var url: String { "http://127.0.0.1:\(port)" }

  /// How many connections were accepted since the start.
  package var acceptedConnections: Int { listener.links.accepted }

  /// How many connections are open now.
  package var openConnections: Int { listener.links.open }

  /// Ends every connection. Returns when their sockets are closed; new connections are accepted as before.
  package func cut(_ how: Cut = .reset) async {
    await listener.links.closeAll(how)
  }

  /// From now on, connection attempts are refused. Open connections stay.
  package func refuse() async throws {
    try await listener.stop()
  }

  /// Accepts connections again, on the same port.
  package func accept() async throws {
    try await listener.start()
  }

  /// Black hole: sockets stay open and connections are still accepted, but no byte is forwarded, either way or in one
  /// direction. (Bytes that were being written to a receiver at this moment may still reach it.)
  package func pause(_ direction: Direction? = nil) {
    for (way, valve) in valves where direction == nil || direction == way { valve.shut() }
  }

  /// Forwards again, beginning with what came in meanwhile.
  package func resume(_ direction: Direction? = nil) {
    for (way, valve) in valves where direction == nil || direction == way { valve.open() }
  }
}
