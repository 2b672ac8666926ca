internal import NIOCore

/// HTTP/2 frames that a proxy puts between those of the server.
package enum FrameInjection: Sendable {
  /// The server takes no new calls, and may have looked at every open one (anything else would be a lie of the proxy's).
  case goAway
  /// Every stream that the server has spoken on is reset, with this HTTP/2 error code.
  case resetStreams(code: UInt32)
}

/// Follows the frames in the bytes of one connection, so that something can be put between two of them.
struct FrameScanner {
  private var header: [UInt8] = []
  private var payload = 0
  private var streams: Set<UInt32> = []
  /// The last injection that this connection was there for, or too late for.
  private var done: Int

  init(after injection: Int) { done = injection }

  private var isAtBoundary: Bool { header.isEmpty && payload == 0 }

  /// The bytes with what is to be injected, at the first boundary.
  mutating func pass(_ bytes: ByteBuffer, _ injection: (id: Int, frames: FrameInjection)?) -> ByteBuffer {
    let wanted = injection.flatMap { $0.id > done ? $0 : nil }
    let view = bytes.readableBytesView
    var index = view.startIndex
    var boundary: (place: Int, bytes: [UInt8])?
    while index < view.endIndex {
      if boundary == nil, isAtBoundary, let wanted {
        boundary = (index - view.startIndex, self.bytes(of: wanted.frames))
        done = wanted.id
      }
      let skipped = min(payload, view.endIndex - index)
      payload -= skipped
      index += skipped
      guard payload == 0, index < view.endIndex, !isAtBoundary || skipped == 0 else { continue }
      take(view[index])
      index += 1
    }
    guard let boundary else { return bytes }
    var rest = bytes
    var result = rest.readSlice(length: boundary.place) ?? ByteBuffer()
    result.writeBytes(boundary.bytes)
    result.writeBuffer(&rest)
    return result
  }

  /// A byte of a frame's header.
  private mutating func take(_ byte: UInt8) {
    header.append(byte)
    guard header.count == 9 else { return }
    payload = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
    let stream = header[5...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7fff_ffff
    if stream > 0 { streams.insert(stream) }
    header = []
  }

  private func bytes(of injection: FrameInjection) -> [UInt8] {
    switch injection {
    case .goAway:
      return Self.frame(type: 7, stream: 0, payload: Self.big(0x7fff_ffff) + Self.big(0))
    case .resetStreams(let code):
      return streams.sorted().suffix(64).flatMap { Self.frame(type: 3, stream: $0, payload: Self.big(code)) }
    }
  }

  private static func frame(type: UInt8, stream: UInt32, payload: [UInt8]) -> [UInt8] {
    let length = UInt32(payload.count)
    return Array(big(length).dropFirst()) + [type, 0] + big(stream) + payload
  }

  private static func big(_ number: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
  }
}
