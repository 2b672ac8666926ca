import Foundation
import Testing

@testable import Holdfast

/// Whatever is in the store: an error, never a trap, never without bound, never telling what was there.
@Suite struct HostileBytesTests {
  private let keyspace = Keyspace<GoRecord>(prefix: "/test") { $0.text }
  private static let secret = "hunter2"

  private static func plain() -> [UInt8] {
    Array(#"{"some_field":"\#(secret)","a":["\#(String(repeating: secret, count: 500))"]}"#.utf8)
  }

  private static func compressed() throws -> [UInt8] { try Gzip.compress(plain()) }

  private static func hostile() throws -> [(String, [UInt8])] {
    let compressed = try compressed()
    let texts = [
      "null", "{", "[]", "\(secret)", #""\#(secret)""#, #"{"some_field":"\#(secret)""#, #"{"n":"\#(secret)"}"#,
      #"{"n":98765432109876543210}"#, #"{"labels":{"\#(secret)":5}}"#, #"{"labels":{"\#(secret)":"\#(secret)}"#,
      #"{"t":"\#(secret)"}"#, #"{"a":["\#(secret)",5]}"#, #"{"some_field":"\#(secret)"} trailing"#, #"{\#(secret):1}"#,
      String(repeating: "[", count: 100_000),
    ]
    var all = texts.map { (String($0.prefix(20)), Array($0.utf8)) }
    all.append(("empty", []))
    all.append(("zero bytes", [0, 0, 0, 0]))
    all.append(("not UTF-8", [0xFF, 0xFE, 0x7B, 0x7D]))
    all.append(("magic only", [0x1F, 0x8B]))
    all.append(("magic and text", [0x1F, 0x8B] + plain()))
    all.append(("half magic", [0x1F]))
    all.append(("magic of another method", [0x1F, 0x8B, 0x07] + compressed.dropFirst(3)))
    all.append(("gzip with garbage behind", compressed + Array(secret.utf8)))
    all.append(("gzip with half a gzip behind", compressed + compressed.dropLast(20)))
    all.append(("gzip with a wrong checksum", compressed.dropLast(8) + [0] + compressed.suffix(7)))
    all.append(("gzip of gzip", try Gzip.compress(compressed)))
    all.append(("gzip of nothing", try Gzip.compress([])))
    for cut in [3, 9, 10, 11, compressed.count / 2, compressed.count - 8, compressed.count - 1] {
      all.append(("gzip cut after \(cut)", Array(compressed.prefix(cut))))
    }
    return all
  }

  @Test(arguments: try hostile())
  func isRefusedWithoutTellingTheValue(_ name: String, _ bytes: [UInt8]) throws {
    let keyValue = KeyValue(key: "/test/x", value: bytes, createRevision: 1, modRevision: 2, version: 1)
    let error = #expect(throws: HoldfastError.self, "\(name)") { try keyspace.decode(keyValue) }
    #expect(error?.code == .decodingFailed)
    #expect(error?.key == "/test/x")
    #expect(error?.revision == 2)
    #expect(error?.outcome == nil)
    let texts = [error?.description, error?.message].compactMap { $0 }
    #expect(texts.allSatisfy { !$0.contains(Self.secret) && !$0.contains("98765") }, "\(texts)")
    #expect(error?.message.contains("\(bytes.count) bytes") == true)
  }

  /// The names of the type's own fields help, and are no secret.
  @Test func theFieldIsNamed() throws {
    for (json, field) in [(#"{"n":"x"}"#, "'n'"), (#"{"t":"x"}"#, "'t'"), (#"{"a":[5]}"#, "'a'")] {
      let keyValue = KeyValue(key: "/test/x", value: Array(json.utf8), createRevision: 1, modRevision: 1, version: 1)
      let error = #expect(throws: HoldfastError.self) { try keyspace.decode(keyValue) }
      #expect(error?.message.contains(field) == true, "\(error?.message ?? "")")
    }
  }

  /// The keys of a dictionary are data, at the top as well.
  @Test func theKeyOfADictionaryIsNotTold() throws {
    let keyspace = Keyspace<[String: Int]>(prefix: "/test") { _ in "x" }
    let bytes = Array(#"{"\#(Self.secret)":"x"}"#.utf8)
    let keyValue = KeyValue(key: "/test/x", value: bytes, createRevision: 1, modRevision: 1, version: 1)
    let error = #expect(throws: HoldfastError.self) { try keyspace.decode(keyValue) }
    #expect(error?.code == .decodingFailed)
    #expect(error?.description.contains(Self.secret) == false, "\(error?.description ?? "")")
  }

  @Test func severalStreamsAreOne() throws {
    let both = try Gzip.compress(Array("\"ab".utf8)) + Gzip.compress([]) + Gzip.compress(Array("cd\"".utf8))
    #expect(try JSONCodec<String>().decode(both) == "abcd")
  }

  @Test func anyPrefixOfAStreamIsRefused() throws {
    let compressed = try Self.compressed()
    for count in 0..<compressed.count {
      #expect(throws: CodecError.self) { try Gzip.decompress(Array(compressed.prefix(count)), limit: 1 << 20) }
    }
  }

  @Test func theLimitIsExact() throws {
    let bytes = [UInt8](repeating: 0x20, count: 100_000)
    let compressed = try Gzip.compress(bytes)
    #expect(try Gzip.decompress(compressed, limit: 100_000) == bytes)
    #expect(throws: CodecError.tooLarge(limit: 99_999)) { try Gzip.decompress(compressed, limit: 99_999) }
  }

  /// 256 MiB of spaces in 260 KB: refused at the limit, long before it is all there.
  @Test func aBombIsStoppedAtTheLimit() throws {
    let chunk = try Gzip.compress([UInt8](repeating: 0x20, count: 16 << 20))
    let bomb = Array(repeatElement(chunk, count: 16).joined())
    let before = peakMemory()
    #expect(throws: CodecError.tooLarge(limit: 1 << 20)) {
      try JSONCodec<GoRecord>(maximumInflatedBytes: 1 << 20).decode(bomb)
    }
    #expect(peakMemory() - before < 64 << 20)
  }

  /// What could not be read back is not written.
  @Test func aValueBeyondTheLimitIsNotEncoded() throws {
    let codec = JSONCodec<[Int]>(maximumInflatedBytes: 10_000)
    let fits = [Int](repeating: 1, count: 4_999)
    #expect(try codec.decode(codec.encode(fits)) == fits)
    #expect(throws: CodecError.tooLarge(limit: 10_000)) { try codec.encode(fits + [1]) }
  }

  /// The most memory that this process has ever used, in bytes; 0 where nothing tells.
  private func peakMemory() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) << 10
  }
}
