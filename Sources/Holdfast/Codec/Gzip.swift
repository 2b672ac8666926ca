import CHoldfastZlib

/// gzip by zlib, with bounded inflation.
package enum Gzip {
  /// What zlib calls a window of 32 KiB with a gzip header around the stream.
  private static let windowBits: Int32 = 15 + 16

  /// Whether the bytes begin like a gzip stream; no JSON text does.
  package static func isCompressed(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

  static func compress(_ bytes: [UInt8]) throws -> [UInt8] {
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    let opened = deflateInit2_(
      &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
    guard opened == Z_OK else { throw CodecError.compression(opened) }
    defer { deflateEnd(&stream) }
    guard let length = UInt32(exactly: bytes.count) else { throw CodecError.tooLarge(limit: Int(UInt32.max)) }
    let bound = Int(deflateBound(&stream, UInt(length)))
    var input = bytes
    var status = Z_OK
    let output = [UInt8](unsafeUninitializedCapacity: bound) { output, count in
      input.withUnsafeMutableBufferPointer { input in
        stream.next_in = input.baseAddress
        stream.avail_in = length
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(truncatingIfNeeded: bound)
        status = deflate(&stream, Z_FINISH)
      }
      count = bound - Int(stream.avail_out)
    }
    guard status == Z_STREAM_END else { throw CodecError.compression(status) }
    return output
  }

  /// The content of a gzip stream (or of several, one after the other, which is one stream by RFC 1952).
  package static func decompress(_ bytes: [UInt8], limit: Int) throws -> [UInt8] {
    var stream = z_stream()
    let opened = inflateInit2_(&stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard opened == Z_OK else { throw CodecError.damaged("zlib \(opened)") }
    defer { inflateEnd(&stream) }
    guard let length = UInt32(exactly: bytes.count) else { throw CodecError.tooLarge(limit: limit) }
    var input = bytes
    return try input.withUnsafeMutableBufferPointer { input in
      stream.next_in = input.baseAddress
      stream.avail_in = length
      var output: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: min(max(4 * bytes.count, 4_096), 1 << 20))
      while true {
        let room = UInt32(chunk.count)
        let status = chunk.withUnsafeMutableBufferPointer { chunk in
          stream.next_out = chunk.baseAddress
          stream.avail_out = room
          return inflate(&stream, Z_NO_FLUSH)
        }
        output += chunk[..<Int(room - stream.avail_out)]
        guard output.count <= limit else { throw CodecError.tooLarge(limit: limit) }
        switch status {
        case Z_STREAM_END where stream.avail_in == 0: return output
        case Z_STREAM_END: guard inflateReset(&stream) == Z_OK else { throw CodecError.damaged("reset") }
        case Z_OK where stream.avail_in > 0 || stream.avail_out == 0: continue
        case Z_OK, Z_BUF_ERROR: throw CodecError.damaged("it ends too early")
        default: throw CodecError.damaged("zlib \(status)")
        }
      }
    }
  }
}
