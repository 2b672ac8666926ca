#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// JSON, compressed with gzip from 2,048 bytes on; reads both forms. The default codec.
///
/// Equal values give equal bytes: keys are sorted, slashes are not escaped, dates are RFC 3339 with fractions of a second.
/// The Go implementation that Holdfast descends from reads what this writes and the other way round, which is why what is
/// shorter than 10 bytes is padded with spaces: it cannot read shorter values.
public struct JSONCodec<Value: Codable & Sendable>: Codec {
  /// The size of the JSON, in bytes, from which on it is compressed.
  public var compressionThreshold: Int
  /// The most bytes that a compressed value may inflate to. A larger one is refused, in reading and in writing, so that a few hostile
  /// kilobytes cannot fill the memory, nor keep a cache decoding while the store goes on. Every reader needs a writer's limit.
  public var maximumInflatedBytes: Int

  private static var minimumBytes: Int { 10 }

  public init(compressionThreshold: Int = 2_048, maximumInflatedBytes: Int = 16 << 20) {
    self.compressionThreshold = compressionThreshold
    self.maximumInflatedBytes = maximumInflatedBytes
  }

  public func encode(_ value: Value) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      guard let text = RFC3339.string(from: date) else {
        let context = EncodingError.Context(codingPath: encoder.codingPath, debugDescription: "no point in time")
        // Not the date itself: describing such a date traps in Foundation.
        throw EncodingError.invalidValue(date.timeIntervalSinceReferenceDate, context)
      }
      try container.encode(text)
    }
    var bytes = [UInt8](try encoder.encode(value))
    if bytes.count >= compressionThreshold {
      guard bytes.count <= maximumInflatedBytes else { throw CodecError.tooLarge(limit: maximumInflatedBytes) }
      return try Gzip.compress(bytes)
    }
    if bytes.count < Self.minimumBytes {
      bytes += repeatElement(UInt8(ascii: " "), count: Self.minimumBytes - bytes.count)
    }
    return bytes
  }

  public func decode(_ bytes: [UInt8]) throws -> Value {
    if bytes.isEmpty { throw CodecError.empty }
    let json = Gzip.isCompressed(bytes) ? try Gzip.decompress(bytes, limit: maximumInflatedBytes) : bytes
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .custom { decoder in
      let container = try decoder.singleValueContainer()
      let text = try container.decode(String.self)
      guard let date = RFC3339.date(from: text) else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 date")
      }
      return date
    }
    return try decoder.decode(Value.self, from: Data(json))
  }
}

/// Why stored bytes are no value, where the JSON decoder is not the one to say it. Never holds any of the bytes.
package enum CodecError: Error, Equatable, CustomStringConvertible {
  case empty
  case damaged(String)
  case tooLarge(limit: Int)
  case compression(Int32)
  case projection

  package var description: String {
    switch self {
    case .empty: "the value is empty"
    case .damaged(let what): "the compressed value is damaged: \(what)"
    case .tooLarge(let limit): "the value is more than \(limit) bytes of JSON (`maximumInflatedBytes`)"
    case .compression(let status): "zlib could not compress the value (\(status))"
    case .projection:
      "it was made of one by `map`, to be read only; write through the keyspace that `map` was called on"
    }
  }
}
