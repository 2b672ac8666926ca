import HoldfastFuzzing
import NIOCore
import NIOEmbedded
import NIOHPACK

@testable import HoldfastEtcd

extension FuzzTarget {
  /// A server's bytes, cut anywhere, for a client with calls under way: every call is told one end, and what the client counts comes
  /// out even when the connection is gone. (The cuts may show: NIOHTTP2 hands out the parts of a DATA frame as they arrive.)
  static let http2 = FuzzTarget("http2", seeds: connections, words: connectionWords) { bytes in
    var input = FuzzInput(bytes)
    let (cut, period) = (1 + input.below(40), 1 + input.below(10))
    try run(input.remainder(), cut: cut, period: period)
  }

  /// Lets the server say that to the owners of four streams. Every so many parts the socket takes nothing more, or again.
  private static func run(_ server: [UInt8], cut: Int, period: Int) throws {
    let channel = EmbeddedChannel()
    let state = ConnectionState(maximumStreams: 100)
    let multiplexer = HTTP2Multiplexer(state: state, streamWindow: 300, connectionWindow: 70_000)
    try multiplexer.install(in: channel.pipeline.syncOperations)
    try channel.pipeline.syncOperations.addHandler(ConnectionHandler(state: state, settingsTimeout: .seconds(1)))
    channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    let owners = (0..<4).map { _ in Owner() }
    for owner in owners.prefix(3) {
      multiplexer.open(
        HTTP2StreamState(request, isUnary: true, window: 300, owner: owner),
        request: ByteBuffer(repeating: 0, count: 40_000))
    }
    multiplexer.open(HTTP2StreamState(request, isUnary: false, window: 300, owner: owners[3]))
    channel.embeddedEventLoop.run()
    var rest = server[...]
    var parts = 0
    while !rest.isEmpty {
      channel.pipeline.fireChannelRead(ByteBuffer(bytes: rest.prefix(cut)))
      channel.pipeline.fireChannelReadComplete()
      channel.embeddedEventLoop.run()
      rest = rest.dropFirst(cut)
      parts += 1
      if parts.isMultiple(of: period) {
        channel.isWritable.toggle()
        channel.pipeline.fireChannelWritabilityChanged()
      }
    }
    _ = try? channel.finish(acceptAlreadyClosed: true)
    channel.embeddedEventLoop.run()
    try promise(state.openStreams == 0, "\(state.openStreams) streams are left open")
    for owner in owners { try promise(owner.ends == 1, "told \(owner.ends) ends: \(owner.events)") }
  }

  private static let request: HPACKHeaders = [
    ":method": "POST", ":scheme": "http", ":path": "/fuzz", ":authority": "fuzz",
  ]

  private final class Owner: HTTP2StreamOwner {
    var events: [String] = []
    var ends = 0

    func received(_ headers: HPACKHeaders, isLast: Bool) {
      events.append("headers \(headers.count)")
      if isLast { ends += 1 }
    }

    func received(_ data: ByteBuffer, isLast: Bool) {
      events.append("data \(data.readableBytes)")
      if isLast { ends += 1 }
    }

    func receivedBatch() {}
    func written() {}

    func lost(_ loss: HTTP2Loss) {
      events.append("\(loss)")
      ends += 1
    }
  }

  private static let opening: [UInt8] =
    [7, 0, 0, 12, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 9, 0, 4, 0, 0, 1, 0] + [0, 0, 0, 4, 1, 0, 0, 0, 0]

  private static let connections: [[UInt8]] = [
    opening + [0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88] + [0, 0, 3, 0, 0, 0, 0, 0, 1, 0, 0, 0] + [
      0, 0, 1, 1, 5, 0, 0, 0, 1, 0x88,
    ],
    opening + [0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 1, 0, 0] + [0, 0, 4, 3, 0, 0, 0, 0, 3, 0, 0, 0, 7]
      + [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
    opening + [0, 0, 1, 1, 0, 0, 0, 0, 5, 0x88] + [0, 0, 3, 9, 4, 0, 0, 0, 5, 0x40, 0, 0]
      + [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8],
    opening + [0, 0, 7, 1, 0x2c, 0, 0, 0, 7, 1, 0, 0, 0, 0, 9, 0x88, 0] + [0, 0, 4, 0, 9, 0, 0, 0, 7, 2, 7, 0, 0],
  ]

  private static let connectionWords = [
    "\u{0}\u{0}\u{0}\u{4}\u{1}\u{0}\u{0}\u{0}\u{0}", "\u{0}\u{0}\u{4}\u{8}\u{0}\u{0}\u{0}\u{0}\u{1}",
    "\u{0}\u{0}\u{1}\u{1}\u{5}\u{0}\u{0}\u{0}\u{3}", "\u{0}\u{0}\u{1}\u{0}\u{1}\u{0}\u{0}\u{0}\u{1}",
  ]
}
