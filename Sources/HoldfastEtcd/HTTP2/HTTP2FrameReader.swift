import NIOCore
import NIOHPACK

/// What a frame, or a header block of several, says to a client. What says nothing to one is left out.
enum HTTP2Message {
  /// - Parameter size: What it takes of the windows, padding included.
  case data(stream: UInt32, ByteBuffer, size: Int, isLast: Bool)
  case headers(stream: UInt32, HPACKHeaders, isLast: Bool)
  case reset(stream: UInt32, HTTP2Reason)
  case settings([(id: UInt16, value: UInt32)])
  case settingsAcknowledged
  case ping(UInt64)
  case goAway(lastStream: UInt32, HTTP2Reason, text: String)
  case windowUpdate(stream: UInt32, increment: Int)
}

/// Makes messages of a server's bytes, however the socket cuts them.
struct HTTP2FrameReader {
  /// The header blocks of gRPC are a few hundred bytes. They are decoded as a whole, so somebody has to say when it is enough.
  static let largestHeaderBlock = 64 << 10

  private typealias FrameType = HTTP2Wire.FrameType
  private typealias Flag = HTTP2Wire.Flag

  private struct Frame {
    var type: UInt8
    var flags: UInt8
    var stream: UInt32
    var payload: ByteBuffer
  }

  /// A header block whose end is still to come: nothing else may come before it.
  private struct Block {
    var stream: UInt32
    var isLast: Bool
    var bytes: ByteBuffer
  }

  private var buffer = ByteBuffer()
  private var block: Block?
  private var decoder: HPACKDecoder
  private var sawSettings = false

  init(allocator: ByteBufferAllocator) {
    decoder = HPACKDecoder(
      allocator: allocator, maxDynamicTableSize: HTTP2Wire.defaultTableSize, maxHeaderListSize: Self.largestHeaderBlock)
  }

  mutating func append(_ bytes: ByteBuffer) {
    if buffer.readableBytes == 0 {
      buffer = bytes
    } else {
      // What was read does not pile up where a stream never pauses at the end of a frame.
      buffer.discardReadBytes()
      buffer.writeImmutableBuffer(bytes)
    }
  }

  /// The next message, nil when more bytes are needed.
  mutating func next() throws(HTTP2Violation) -> HTTP2Message? {
    while let frame = try nextFrame() {
      if let message = try message(frame) { return message }
    }
    return nil
  }

  private mutating func nextFrame() throws(HTTP2Violation) -> Frame? {
    guard let (first, flags, stream) = buffer.peekHeader() else { return nil }
    let (length, type) = (Int(first >> 8), UInt8(truncatingIfNeeded: first))
    guard length <= HTTP2Wire.defaultFrameSize else {
      throw HTTP2Violation(.frameSizeError, "a frame of \(length) bytes is more than was allowed")
    }
    guard sawSettings || type == FrameType.settings else {
      throw HTTP2Violation(.protocolError, "its first frame is of type \(type), not SETTINGS")
    }
    sawSettings = true
    guard buffer.readableBytes >= HTTP2Wire.headerLength + length else { return nil }
    buffer.moveReaderIndex(forwardBy: HTTP2Wire.headerLength)
    guard let payload = buffer.readSlice(length: length) else { return nil }
    return Frame(type: type, flags: flags, stream: stream & HTTP2Wire.low31Bits, payload: payload)
  }

  private mutating func message(_ frame: Frame) throws(HTTP2Violation) -> HTTP2Message? {
    if block != nil || frame.type == FrameType.continuation { return try continuation(frame) }
    switch frame.type {
    case FrameType.data:
      try require(frame.stream != 0, "DATA without a stream")
      let payload = try unpadded(frame)
      return .data(
        stream: frame.stream, payload, size: frame.payload.readableBytes, isLast: frame.flags & Flag.endStream != 0)
    case FrameType.headers: return try headers(frame)
    case FrameType.resetStream:
      var payload = frame.payload
      try require(frame.stream != 0, "RST_STREAM without a stream")
      let code: UInt32 = try fixed(&payload, "RST_STREAM")
      return .reset(stream: frame.stream, HTTP2Reason(rawValue: code))
    case FrameType.settings: return try settings(frame)
    case FrameType.ping:
      var payload = frame.payload
      try require(frame.stream == 0, "PING on a stream")
      let number: UInt64 = try fixed(&payload, "PING")
      return frame.flags & Flag.acknowledges != 0 ? nil : .ping(number)
    case FrameType.goAway:
      var payload = frame.payload
      try require(frame.stream == 0, "GOAWAY on a stream")
      guard let (last, code) = payload.readMultipleIntegers(as: (UInt32, UInt32).self) else {
        throw HTTP2Violation(.frameSizeError, "GOAWAY of \(payload.readableBytes) bytes")
      }
      return .goAway(
        lastStream: last & HTTP2Wire.low31Bits, HTTP2Reason(rawValue: code), text: String(buffer: payload))
    case FrameType.windowUpdate:
      var payload = frame.payload
      let increment: UInt32 = try fixed(&payload, "WINDOW_UPDATE")
      return .windowUpdate(stream: frame.stream, increment: Int(increment & HTTP2Wire.low31Bits))
    case FrameType.pushPromise:
      throw HTTP2Violation(.protocolError, "it pushes, which was forbidden")
    default: return nil  // Priorities, and what later standards add.
    }
  }

  private func settings(_ frame: Frame) throws(HTTP2Violation) -> HTTP2Message {
    var payload = frame.payload
    try require(frame.stream == 0, "SETTINGS on a stream")
    let acknowledges = frame.flags & Flag.acknowledges != 0
    guard payload.readableBytes % 6 == 0, !acknowledges || payload.readableBytes == 0 else {
      throw HTTP2Violation(.frameSizeError, "SETTINGS of \(payload.readableBytes) bytes")
    }
    if acknowledges { return .settingsAcknowledged }
    var settings: [(id: UInt16, value: UInt32)] = []
    while let (id, value) = payload.readMultipleIntegers(as: (UInt16, UInt32).self) { settings.append((id, value)) }
    return .settings(settings)
  }

  // MARK: - Header blocks

  private mutating func headers(_ frame: Frame) throws(HTTP2Violation) -> HTTP2Message? {
    try require(frame.stream != 0, "HEADERS without a stream")
    var bytes = try unpadded(frame)
    if frame.flags & Flag.priority != 0, bytes.readSlice(length: 5) == nil {
      throw HTTP2Violation(.frameSizeError, "HEADERS of \(bytes.readableBytes) bytes")
    }
    let block = Block(stream: frame.stream, isLast: frame.flags & Flag.endStream != 0, bytes: bytes)
    if frame.flags & Flag.endHeaders != 0 { return try decode(block) }
    self.block = block
    return nil
  }

  private mutating func continuation(_ frame: Frame) throws(HTTP2Violation) -> HTTP2Message? {
    guard var block, frame.type == FrameType.continuation, frame.stream == block.stream else {
      throw HTTP2Violation(.protocolError, "a header block and another frame are mixed up")
    }
    // Without a byte it would come for ever.
    let isEnd = frame.flags & Flag.endHeaders != 0
    try require(isEnd || frame.payload.readableBytes > 0, "an empty CONTINUATION")
    block.bytes.writeImmutableBuffer(frame.payload)
    guard block.bytes.readableBytes <= Self.largestHeaderBlock else {
      throw HTTP2Violation(.enhanceYourCalm, "a header block of over \(Self.largestHeaderBlock) bytes")
    }
    self.block = isEnd ? nil : block
    return isEnd ? try decode(block) : nil
  }

  /// Whoever it is for: the tables of both sides must not part.
  private mutating func decode(_ block: Block) throws(HTTP2Violation) -> HTTP2Message {
    var bytes = block.bytes
    do {
      return .headers(stream: block.stream, try decoder.decodeHeaders(from: &bytes), isLast: block.isLast)
    } catch {
      throw HTTP2Violation(.compressionError, "a header block cannot be decoded: \(error)")
    }
  }

  // MARK: - Payloads

  private func unpadded(_ frame: Frame) throws(HTTP2Violation) -> ByteBuffer {
    guard frame.flags & Flag.padded != 0 else { return frame.payload }
    var payload = frame.payload
    guard let padding = payload.readInteger(as: UInt8.self), padding <= payload.readableBytes else {
      throw HTTP2Violation(.protocolError, "more padding than frame")
    }
    payload.moveWriterIndex(to: payload.writerIndex - Int(padding))
    return payload
  }

  private func fixed<Number: FixedWidthInteger>(
    _ payload: inout ByteBuffer, _ name: String
  ) throws(HTTP2Violation) -> Number {
    guard payload.readableBytes == MemoryLayout<Number>.size, let number = payload.readInteger(as: Number.self) else {
      throw HTTP2Violation(.frameSizeError, "\(name) of \(payload.readableBytes) bytes")
    }
    return number
  }

  private func require(_ condition: Bool, _ text: String) throws(HTTP2Violation) {
    if !condition { throw HTTP2Violation(.protocolError, text) }
  }
}

extension ByteBuffer {
  /// Of the next frame: length and type in one number, flags, stream.
  fileprivate func peekHeader() -> (UInt32, UInt8, UInt32)? {
    peekMultipleIntegers(as: (UInt32, UInt8, UInt32).self)
  }
}
