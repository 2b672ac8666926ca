import NIOCore
import NIOHPACK
import Testing

@testable import HoldfastEtcd

@Suite struct HTTP2FrameReaderTests {
  static let settings: [UInt8] = [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 9]

  private static let stream: [UInt8] =
    settings + [0, 0, 0, 4, 1, 0, 0, 0, 0] + [0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88]
    + [0, 0, 4, 0, 8, 0x80, 0, 0, 1, 1, 7, 8, 0] + [0, 0, 2, 2, 0, 0, 0, 0, 1, 1, 1]
    + [0, 0, 1, 1, 1, 0, 0, 0, 1, 0x88] + [0, 0, 0, 9, 4, 0, 0, 0, 1] + [0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8]
    + [0, 0, 8, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5] + [0, 0, 4, 8, 0, 0, 0, 0, 1, 0x80, 0, 0, 6]
    + [0, 0, 9, 7, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0x62]

  private static let expected = [
    "settings 3=9", "acknowledged", "headers 1 200", "data 1 [7, 8] 4", "headers 1 200 last", "reset 1 CANCEL",
    "ping 5",
    "window 1 6", "goAway 3 NO_ERROR b",
  ]

  private static func text(_ message: HTTP2Message) -> String {
    switch message {
    case .data(let stream, let bytes, let size, let isLast):
      "data \(stream) \(Array(bytes.readableBytesView)) \(size)\(isLast ? " last" : "")"
    case .headers(let stream, let headers, let isLast):
      "headers \(stream) \(headers.first(name: ":status") ?? "")\(isLast ? " last" : "")"
    case .reset(let stream, let reason): "reset \(stream) \(reason)"
    case .settings(let settings): "settings \(settings.map { "\($0.id)=\($0.value)" }.joined(separator: " "))"
    case .settingsAcknowledged: "acknowledged"
    case .ping(let number): "ping \(number)"
    case .goAway(let last, let reason, let text): "goAway \(last) \(reason) \(text)"
    case .windowUpdate(let stream, let increment): "window \(stream) \(increment)"
    }
  }

  @Test(arguments: 1...60) func everyCut(size: Int) throws {
    var reader = HTTP2FrameReader(allocator: ByteBufferAllocator())
    var messages: [String] = []
    for start in Swift.stride(from: 0, to: Self.stream.count, by: size) {
      reader.append(ByteBuffer(bytes: Self.stream[start..<min(start + size, Self.stream.count)]))
      while let message = try reader.next() { messages.append(Self.text(message)) }
    }
    #expect(messages == Self.expected)
  }

  @Test func whatIsNoHTTP2() {
    for text in ["HTTP/1.1 400 Bad Request\r\n\r\n", "\u{15}\u{3}\u{1}\u{0}\u{2}\u{2}\u{46}123456789"] {
      var reader = HTTP2FrameReader(allocator: ByteBufferAllocator())
      reader.append(ByteBuffer(string: text))
      #expect(throws: HTTP2Violation.self) { try reader.next() }
    }
    var reader = HTTP2FrameReader(allocator: ByteBufferAllocator())
    reader.append(ByteBuffer(bytes: [0, 0, 0, 0, 0, 0, 0, 0, 1]))
    #expect(throws: HTTP2Violation.self, "SETTINGS come first") { try reader.next() }
  }

  @Test func aFrameIsRefusedByItsLengthAlone() throws {
    var reader = HTTP2FrameReader(allocator: ByteBufferAllocator())
    reader.append(ByteBuffer(bytes: Self.settings))
    _ = try reader.next()
    reader.append(ByteBuffer(bytes: [0, 0x40, 1, 0, 0, 0, 0, 0, 1]))
    let violation = #expect(throws: HTTP2Violation.self) { try reader.next() }
    #expect(violation?.reason == .frameSizeError)
  }
}
