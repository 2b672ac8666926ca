import NIOCore
import NIOEmbedded
import NIOHPACK

@testable import HoldfastEtcd

/// A server byte by byte, on the other side of a multiplexer without a socket.
final class HTTP2Peer {
  struct Frame: Equatable {
    var type: UInt8
    var flags: UInt8
    var stream: UInt32
    var payload: [UInt8]
  }

  let channel = EmbeddedChannel()
  let state = ConnectionState(maximumStreams: 1 << 20)
  let multiplexer: HTTP2Multiplexer
  private var encoder = HPACKEncoder(allocator: ByteBufferAllocator())

  /// Connected, its SETTINGS sent, and nothing but those of the client read.
  init(streamWindow: Int = 1_000, connectionWindow: Int = 100_000, settings: [(id: UInt16, value: UInt32)] = []) throws
  {
    multiplexer = HTTP2Multiplexer(state: state, streamWindow: streamWindow, connectionWindow: connectionWindow)
    try multiplexer.install(in: channel.pipeline.syncOperations)
    try channel.pipeline.syncOperations.addHandler(ConnectionHandler(state: state, settingsTimeout: .seconds(1)))
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    _ = try sent()
    try send(type: 4, payload: settings.flatMap { bytes($0.id) + bytes($0.value) })
    try send(type: 4, flags: 1)
    _ = try sent()
  }

  /// The socket takes nothing more, or again.
  func setWritable(_ isWritable: Bool) {
    channel.isWritable = isWritable
    channel.pipeline.fireChannelWritabilityChanged()
  }

  func number(_ bytes: [UInt8]) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

  func bytes(_ number: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }

  func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
    bytes(UInt32(payload.count) << 8 | UInt32(type)) + [flags] + bytes(stream) + payload
  }

  func block(_ headers: HPACKHeaders) throws -> [UInt8] {
    var buffer = ByteBuffer()
    try encoder.encode(headers: headers, to: &buffer)
    return Array(buffer.readableBytesView)
  }

  func send(type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, payload: [UInt8] = []) throws {
    try send(frame(type, flags, stream, payload))
  }

  func send(_ bytes: [UInt8]) throws {
    channel.pipeline.fireChannelRead(ByteBuffer(bytes: bytes))
    channel.pipeline.fireChannelReadComplete()
    channel.embeddedEventLoop.run()
  }

  func sendHeaders(_ headers: HPACKHeaders, stream: UInt32, isLast: Bool = false) throws {
    try send(type: 1, flags: isLast ? 5 : 4, stream: stream, payload: try block(headers))
  }

  /// The frames that the client sent since the last time.
  func sent() throws -> [Frame] {
    channel.embeddedEventLoop.run()
    var bytes = ByteBuffer()
    while var more = try channel.readOutbound(as: ByteBuffer.self) { bytes.writeBuffer(&more) }
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8
    if bytes.readableBytesView.starts(with: preface) { bytes.moveReaderIndex(forwardBy: preface.count) }
    var frames: [Frame] = []
    while let (first, flags, stream) = bytes.readMultipleIntegers(as: (UInt32, UInt8, UInt32).self) {
      let payload = bytes.readBytes(length: Int(first >> 8)) ?? []
      frames.append(Frame(type: UInt8(first & 0xff), flags: flags, stream: stream, payload: payload))
    }
    return frames
  }

  static let request: HPACKHeaders = [
    ":method": "POST", ":scheme": "http", ":path": "/test/Call", ":authority": "test",
  ]

  /// Begins a unary call with a message of so many bytes.
  @discardableResult
  func call(_ size: Int = 1, headers: HPACKHeaders = [:], runsToItsEnd: Bool = false) -> (HTTP2StreamState, Owner) {
    let owner = Owner()
    var request = Self.request
    request.add(contentsOf: headers)
    let stream = HTTP2StreamState(
      request, isUnary: true, runsToItsEnd: runsToItsEnd, window: multiplexer.streamWindow, owner: owner)
    multiplexer.open(stream, request: ByteBuffer(repeating: 7, count: size))
    return (stream, owner)
  }

  /// Opens a stream of messages.
  func stream() -> (HTTP2StreamState, Owner) {
    let owner = Owner()
    let stream = HTTP2StreamState(Self.request, isUnary: false, window: multiplexer.streamWindow, owner: owner)
    multiplexer.open(stream)
    return (stream, owner)
  }

  /// Notes what it is told.
  final class Owner: HTTP2StreamOwner {
    var events: [String] = []

    func received(_ headers: HPACKHeaders, isLast: Bool) { events.append("headers\(isLast ? ", last" : "")") }
    func received(_ data: ByteBuffer, isLast: Bool) {
      events.append("data \(data.readableBytes)\(isLast ? ", last" : "")")
    }
    func receivedBatch() { events.append("batch") }
    func written() { events.append("written") }
    func lost(_ loss: HTTP2Loss) { events.append("\(loss)") }
  }
}
