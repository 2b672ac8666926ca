import Holdfast

extension FuzzTarget {
  /// Any bytes as gzip: bounded, never anything but bytes or a `CodecError`, and the same whatever the limit.
  static let gzip = FuzzTarget("gzip", seeds: streams, words: ["\u{1F}"]) { bytes in
    let limit = 1 << 16
    let content: [UInt8]
    do {
      content = try Gzip.decompress(bytes, limit: limit)
    } catch is CodecError {
      return
    }
    try promise(content.count <= limit, "\(content.count) bytes for a limit of \(limit)")
    try promise(Gzip.isCompressed(bytes), "it inflates, and does not begin like a stream")
    try promise(try Gzip.decompress(bytes, limit: content.count) == content, "the limit changes what is read")
    if !content.isEmpty {
      let beyond = try? Gzip.decompress(bytes, limit: content.count - 1)
      try promise(beyond == nil, "more than the limit was let through")
    }
    let codec = JSONCodec<[UInt8]>(compressionThreshold: 0)
    let part = Array(content.prefix(512))
    try promise(try codec.decode(codec.encode(part)) == part, "what was compressed comes back as something else")
  }

  private static let streams: [[UInt8]] = {
    let codec = JSONCodec<String>(compressionThreshold: 0)
    let texts = ["", "a", "{\"some\":\"thing\"}", String(repeating: "kelp ", count: 400)]
    let streams = texts.compactMap { try? codec.encode($0) }
    // Small streams that inflate to a lot, and many of them.
    let bomb = (try? codec.encode(String(repeating: " ", count: 1 << 18))) ?? []
    return streams + [bomb, Array(repeatElement(streams[0], count: 20).joined()), [0x1F, 0x8B], streams[1] + bomb]
  }()
}
