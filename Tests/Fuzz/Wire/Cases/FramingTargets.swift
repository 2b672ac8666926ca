import Holdfast
import HoldfastEtcdMachines
import HoldfastFuzzing
import NIOCore
import NIOHPACK

@testable import HoldfastEtcd

extension FuzzTarget {
  /// The bytes of a stream, cut anywhere: the same messages as without a cut, and nothing beyond the limit.
  static let frames = FuzzTarget("frames", seeds: streams, words: ["\u{0}\u{0}\u{0}\u{0}\u{3}"]) { bytes in
    var input = FuzzInput(bytes)
    let limit = input.below(256)
    let cut = 1 + input.below(20)
    let stream = input.remainder()
    let expected = plainly(stream, limit: limit)
    var deframer = GRPCDeframer(limit: limit)
    var messages: [[UInt8]] = []
    var isRefused = false
    for start in Swift.stride(from: 0, to: stream.count, by: cut) where !isRefused {
      deframer.append(ByteBuffer(bytes: stream[start..<min(start + cut, stream.count)]))
      do {
        while let message = try deframer.next() { messages.append(message) }
      } catch {
        isRefused = true
      }
    }
    try promise(messages == expected.messages, "\(messages.count) messages instead of \(expected.messages.count)")
    try promise(isRefused == expected.isRefused, "refused: \(isRefused)")
    try promise(messages.allSatisfy { $0.count <= limit }, "a message beyond the limit")
    if !isRefused { try promise(deframer.isAtBoundary == expected.isWhole, "a boundary where there is none") }
    var framed = GRPCDeframer(limit: .max)
    for message in messages { framed.append(try GRPCFraming.frame(message, allocator: ByteBufferAllocator())) }
    for message in messages { try promise(try framed.next() == message, "a message comes back as another") }
  }

  private static let streams: [[UInt8]] = [
    [100, 3, 0, 0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 9], [0, 0, 0, 0, 0, 0, 0],
    [9, 1, 1, 0, 0, 0, 2, 1, 2],
    [255, 6, 0, 0, 0, 0, 200] + [UInt8](repeating: 7, count: 200), [4, 1, 0, 0xFF, 0xFF, 0xFF, 0xFF, 1],
  ]

  /// The same with no state at all.
  private static func plainly(_ stream: [UInt8], limit: Int) -> (messages: [[UInt8]], isRefused: Bool, isWhole: Bool) {
    var messages: [[UInt8]] = []
    var rest = stream[...]
    while rest.count >= 5 {
      let length = rest.dropFirst().prefix(4).reduce(0) { $0 << 8 | Int($1) }
      guard rest.first == 0, length <= limit else { return (messages, true, false) }
      guard rest.count >= 5 + length else { return (messages, false, false) }
      messages.append(Array(rest.dropFirst(5).prefix(length)))
      rest = rest.dropFirst(5 + length)
    }
    return (messages, false, rest.isEmpty)
  }

  /// Frames of an answer in any order: it ends once, with the status that the trailers have.
  static let status = FuzzTarget("status", seeds: answers, words: statusWords) { bytes in
    var response = GRPCResponse(limit: 64)
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).prefix(200) {
      let text = String(decoding: line.dropFirst(), as: UTF8.self)
      let isLast = line.first == UInt8(ascii: "T") || line.first == UInt8(ascii: "E")
      let step =
        switch line.first {
        case UInt8(ascii: "H"), UInt8(ascii: "T"): response.receive(headers(text), isLast: isLast)
        case UInt8(ascii: "D"), UInt8(ascii: "E"):
          response.receive(ByteBuffer(bytes: line.dropFirst()), isLast: isLast)
        default: GRPCResponse.Step.more
        }
      if case .ended(let error) = step {
        if let error { try check(error) }
        break
      }
      try promise(!isLast, "the end of a stream was overlooked")
      while let message = try? response.next() { try promise(message.count <= 64, "a message beyond the limit") }
    }
    try checkPercent(String(decoding: bytes, as: UTF8.self))
  }

  private static let statusWords = [
    "\nH", "\nT", "\nD", "\nE", ";", "grpc-status=", "grpc-message=", ":status=200", ":status=503", "%", "%E2%82%AC",
    "content-type=application/grpc", "-1", "99999999999999999999",
  ]

  private static let answers: [[UInt8]] = [
    "H:status=200;content-type=application/grpc\nD\u{0}\u{0}\u{0}\u{0}\u{1}a\nTgrpc-status=0",
    "T:status=200;content-type=application/grpc;grpc-status=11;grpc-message=etcdserver: mvcc%3A required revision",
    "H:status=502;content-type=text/html\nE<html>", "H:status=100\nH:status=200;content-type=application/grpc+proto\nE",
    "Tgrpc-status=14;grpc-message=%E2%82%AC%zz%", "Dx\nT",
  ].map { Array($0.utf8) }

  private static func headers(_ text: String) -> HPACKHeaders {
    var headers = HPACKHeaders()
    for field in text.split(separator: ";") {
      let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      // What reads HTTP/2 has refused other names.
      guard parts[0].utf8.allSatisfy({ $0 < 0x80 }) else { continue }
      headers.add(name: String(parts[0]), value: parts.count > 1 ? String(parts[1]) : "")
    }
    return headers
  }

  private static func check(_ error: RPCError) throws {
    try promise(error.code != .ok, "an error that is none")
    let failure = CallFailure(error, isCancelled: false)
    try promise(!failure.error.message.isEmpty, "an error without words")
  }

  private static func checkPercent(_ text: String) throws {
    let decoded = GRPCStatus.percentDecoded(text)
    try promise(decoded.utf8.count <= text.utf8.count, "decoding makes it longer")
    let encoded = text.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    try promise(GRPCStatus.percentDecoded(encoded).utf8.elementsEqual(text.utf8), "encoded text comes back as another")
  }
}
