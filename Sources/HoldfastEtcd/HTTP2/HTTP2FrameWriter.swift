import NIOCore
import NIOHPACK

/// Makes a client's bytes of what it says, whole frames only. They wait in `bytes` until somebody takes them.
struct HTTP2FrameWriter {
  private typealias FrameType = HTTP2Wire.FrameType
  private typealias Flag = HTTP2Wire.Flag

  private(set) var bytes: ByteBuffer
  /// The largest payload that the server takes.
  var frameSize = HTTP2Wire.defaultFrameSize
  private let allocator: ByteBufferAllocator
  private var encoder: HPACKEncoder

  init(allocator: ByteBufferAllocator) {
    self.allocator = allocator
    bytes = allocator.buffer(capacity: 1_024)
    encoder = HPACKEncoder(allocator: allocator)
  }

  /// Everything so far. What follows goes into a buffer of its own.
  mutating func take() -> ByteBuffer {
    let taken = bytes
    bytes = allocator.buffer(capacity: min(max(taken.readableBytes, 1_024), 64 << 10))
    return taken
  }

  mutating func preface() { bytes.writeString(HTTP2Wire.preface) }

  mutating func settings(_ settings: [(id: UInt16, value: UInt32)]) {
    header(6 * settings.count, FrameType.settings, 0, 0)
    for (id, value) in settings { bytes.writeMultipleIntegers(id, value) }
  }

  mutating func settingsAcknowledged() { header(0, FrameType.settings, Flag.acknowledges, 0) }

  mutating func ping(_ number: UInt64, acknowledges: Bool) {
    header(8, FrameType.ping, acknowledges ? Flag.acknowledges : 0, 0)
    bytes.writeInteger(number)
  }

  mutating func goAway(_ reason: HTTP2Reason) {
    header(8, FrameType.goAway, 0, 0)
    bytes.writeMultipleIntegers(0 as UInt32, reason.rawValue)
  }

  mutating func reset(_ stream: UInt32, _ reason: HTTP2Reason) {
    header(4, FrameType.resetStream, 0, stream)
    bytes.writeInteger(reason.rawValue)
  }

  mutating func windowUpdate(_ stream: UInt32, _ increment: Int) {
    header(4, FrameType.windowUpdate, 0, stream)
    bytes.writeInteger(UInt32(increment))
  }

  /// The next `count` bytes of the message, no more than a frame takes.
  mutating func data(_ stream: UInt32, _ message: inout ByteBuffer, count: Int, isLast: Bool) {
    header(count, FrameType.data, isLast ? Flag.endStream : 0, stream)
    message.readWithUnsafeReadableBytes { message in
      bytes.writeBytes(UnsafeRawBufferPointer(rebasing: message.prefix(count)))
    }
  }

  /// A header block, cut into as many frames as it needs. In the buffer once it has succeeded, otherwise not at all.
  mutating func headers(_ stream: UInt32, _ headers: HPACKHeaders) throws {
    let start = bytes.writerIndex
    header(0, FrameType.headers, Flag.endHeaders, stream)
    do {
      try encoder.encode(headers: headers, to: &bytes)
    } catch {
      bytes.moveWriterIndex(to: start)
      throw error
    }
    let length = bytes.writerIndex - start - HTTP2Wire.headerLength
    guard length > frameSize else {
      bytes.setInteger(UInt32(length) << 8 | UInt32(FrameType.headers), at: start)
      return
    }
    // A token or metadata of that size: rare enough to be copied.
    var block = bytes.getSlice(at: start + HTTP2Wire.headerLength, length: length) ?? ByteBuffer()
    bytes.moveWriterIndex(to: start)
    var type = FrameType.headers
    while let part = block.readSlice(length: min(frameSize, block.readableBytes)), part.readableBytes > 0 {
      header(part.readableBytes, type, block.readableBytes == 0 ? Flag.endHeaders : 0, stream)
      bytes.writeImmutableBuffer(part)
      type = FrameType.continuation
    }
  }

  /// The server says how many bytes of headers it remembers.
  mutating func limitTable(_ size: UInt32) throws {
    try encoder.setDynamicTableSize(min(Int(size), HTTP2Wire.defaultTableSize))
  }

  private mutating func header(_ length: Int, _ type: UInt8, _ flags: UInt8, _ stream: UInt32) {
    bytes.writeMultipleIntegers(UInt32(length) << 8 | UInt32(type), flags, stream)
  }
}
