package import NIOCore

/// gRPC's length-prefixed messages: one byte of flags, four of length, the message.
package enum GRPCFraming {
  static let prefixLength = 5

  /// A message with its prefix, in one buffer of exactly the right size.
  package static func frame(_ message: [UInt8], allocator: ByteBufferAllocator) throws(RPCError) -> ByteBuffer {
    guard let length = UInt32(exactly: message.count) else {
      throw RPCError(.resourceExhausted, "A message of \(message.count) bytes cannot be sent.", progress: .notProcessed)
    }
    var buffer = allocator.buffer(capacity: prefixLength + message.count)
    buffer.writeInteger(0 as UInt8)
    buffer.writeInteger(length)
    buffer.writeBytes(message)
    return buffer
  }
}

/// Makes messages of DATA frames, whatever way the frames cut them. It decodes when it is asked, so that what waits here
/// are the frames that flow control has let in, and nothing grows beyond them.
package struct GRPCDeframer {
  private let limit: Int
  private var frames = CircularBuffer<ByteBuffer>(initialCapacity: 2)
  private var prefix: (bytes: UInt64, count: Int) = (0, 0)
  private var message: [UInt8] = []
  /// The bytes that the current message lacks; nil while its prefix is incomplete.
  private var missing: Int?

  package init(limit: Int) {
    self.limit = limit
  }

  /// Whether everything that arrived was handed out: the end of a stream anywhere else cuts a message off.
  var isAtBoundary: Bool {
    frames.isEmpty && missing == nil && prefix.count == 0
  }

  package mutating func append(_ frame: ByteBuffer) {
    if frame.readableBytes > 0 { frames.append(frame) }
  }

  mutating func removeAll() {
    self = GRPCDeframer(limit: limit)
  }

  /// The next message, or nil when it is not complete.
  ///
  /// - Throws: when the prefix is refused. Nothing that follows it can be understood then.
  package mutating func next() throws(RPCError) -> [UInt8]? {
    if missing == nil, try !readPrefix() { return nil }
    guard var missing else { return nil }
    while missing > 0 {
      guard !frames.isEmpty else {
        self.missing = missing
        return nil
      }
      missing -= moveBytes(upTo: missing)
    }
    defer {
      message = []
      self.missing = nil
    }
    return message
  }

  /// Whether a complete prefix was there.
  private mutating func readPrefix() throws(RPCError) -> Bool {
    while prefix.count < GRPCFraming.prefixLength {
      guard !frames.isEmpty, let byte = frames[frames.startIndex].readInteger(as: UInt8.self) else { return false }
      prefix = (prefix.bytes << 8 | UInt64(byte), prefix.count + 1)
      dropEmptyFrame()
    }
    let (flags, length) = (prefix.bytes >> 32, Int(prefix.bytes & 0xffff_ffff))
    prefix = (0, 0)
    guard flags == 0 else {
      // No grpc-accept-encoding was sent, so a server that compresses is wrong.
      throw RPCError(
        .internal, "The server sent a compressed message (flags \(flags)), which was not offered.", progress: .unknown)
    }
    guard length <= limit else {
      throw RPCError(
        .resourceExhausted, "The server sent a message of \(length) bytes, the limit is \(limit).", progress: .unknown)
    }
    missing = length
    // The length is the server's word only: a large message grows as it arrives.
    message.reserveCapacity(min(length, 1 << 20))
    return true
  }

  private mutating func moveBytes(upTo count: Int) -> Int {
    let first = frames.startIndex
    let moved = min(count, frames[first].readableBytes)
    frames[first].readWithUnsafeReadableBytes { bytes in
      message.append(contentsOf: bytes.prefix(moved))
      return moved
    }
    dropEmptyFrame()
    return moved
  }

  private mutating func dropEmptyFrame() {
    if frames[frames.startIndex].readableBytes == 0 { frames.removeFirst() }
  }
}
