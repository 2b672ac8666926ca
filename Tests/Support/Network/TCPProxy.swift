/// Runs a proxy on a loopback port of its own that forwards to another loopback port, for as long as the body takes.
package func withTCPProxy<R>(to target: Int, body: (TCPProxy) async throws -> R) async throws -> R {
  let proxy = TCPProxy(target: target, listener: try await LoopbackListener.started())
  return try await proxy.listener.whileServing(proxy.relay) { try await body(proxy) }
}

/// A TCP proxy in user space whose faults a test commands: connections cut, refused, or silent with open sockets; bytes
/// delayed, chopped, counted, or with HTTP/2 frames put between those of the server.
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
  private let lanes = (toServer: Lane(), toClient: Lane())

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
    for lane in lanes(direction) { lane.valve.shut() }
  }

  /// Forwards again, beginning with what came in meanwhile.
  package func resume(_ direction: Direction? = nil) {
    for lane in lanes(direction) { lane.valve.open() }
  }

  /// Every read of a direction waits so long before it is forwarded. Zero ends it.
  package func delay(_ delay: Duration, _ direction: Direction? = nil) {
    for lane in lanes(direction) { lane.delay = delay }
  }

  /// Bytes are forwarded in pieces of at most so many. Nil ends it.
  package func chop(_ bytes: Int?, _ direction: Direction? = nil) {
    for lane in lanes(direction) { lane.pieceBytes = bytes }
  }

  /// So many more bytes pass in a direction, counted over all connections; the connection whose bytes go beyond is reset
  /// right behind the last that passed, wherever in a message that is. Nil ends it.
  package func cut(after bytes: Int?, _ direction: Direction) {
    lane(direction).cutAfter = bytes
  }

  /// Puts frames between those of the server, once on each connection that is open now, before the next frame that comes.
  package func inject(_ frames: FrameInjection) {
    lanes.toClient.inject(frames)
  }

  /// Ends every fault that has an end: what is refused, held, delayed, chopped or counted.
  package func heal() async throws {
    for direction in Direction.allCases { cut(after: nil, direction) }
    delay(.zero)
    chop(nil)
    resume()
    try await accept()
  }

  func lane(_ direction: Direction) -> Lane {
    switch direction {
    case .toServer: lanes.toServer
    case .toClient: lanes.toClient
    }
  }

  private func lanes(_ direction: Direction?) -> [Lane] {
    (direction.map { [$0] } ?? Direction.allCases).map(lane)
  }
}
