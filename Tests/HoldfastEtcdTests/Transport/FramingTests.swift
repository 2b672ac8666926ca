import NIOCore
import TestSupport
import Testing

@testable import HoldfastEtcd

extension TransportTests {
  @Suite struct Framing {
    private let stream: [UInt8] = [0, 0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 9]
    private let expected: [[UInt8]] = [[1, 2, 3], [], [9]]

    @Test(arguments: 1...19)
    func everyCut(size: Int) throws {
      var deframer = GRPCDeframer(limit: 100)
      var messages: [[UInt8]] = []
      for start in Swift.stride(from: 0, to: stream.count, by: size) {
        deframer.append(ByteBuffer(bytes: stream[start..<min(start + size, stream.count)]))
        while let message = try deframer.next() { messages.append(message) }
      }
      #expect(messages == expected)
      #expect(deframer.isAtBoundary)
    }

    @Test func halfAMessageIsNoBoundary() throws {
      var deframer = GRPCDeframer(limit: 100)
      for count in 1...7 {
        deframer.removeAll()
        deframer.append(ByteBuffer(bytes: stream.prefix(count)))
        #expect(try deframer.next() == nil)
        #expect(!deframer.isAtBoundary)
      }
    }

    @Test func compressedAndTooLarge() {
      var deframer = GRPCDeframer(limit: 2)
      deframer.append(ByteBuffer(bytes: [1, 0, 0, 0, 0]))
      #expect(throws: RPCError.self) { try deframer.next() }
      deframer.removeAll()
      deframer.append(ByteBuffer(bytes: [0, 0, 0, 0, 3]))
      let error = #expect(throws: RPCError.self) { try deframer.next() }
      #expect(error?.code == .resourceExhausted)
    }

    @Test func frameHasAPrefix() throws {
      let buffer = try GRPCFraming.frame([7, 8], allocator: ByteBufferAllocator())
      #expect(Array(buffer.readableBytesView) == [0, 0, 0, 0, 2, 7, 8])
    }

    @Test(arguments: [
      (Duration.zero, "0u"), (.nanoseconds(1), "1u"), (.microseconds(1_500), "1500u"), (.seconds(5), "5000000u"),
      (.seconds(100), "100000m"), (.seconds(1_000_000), "1000000S"), (.seconds(100_000_000), "1666667M"),
      (.seconds(Int64.max), "99999999H"), (.seconds(-1), "0n"),
    ])
    func timeouts(timeout: Duration, text: String) {
      #expect(GRPCHeaders.encode(timeout: timeout) == text)
    }

    @Test(arguments: [
      ("plain", "plain"), ("a%20b", "a b"), ("%E2%82%AC", "€"), ("100%", "100%"), ("%zz%4", "%zz%4"), ("%25", "%"),
    ])
    func percentDecoding(text: String, decoded: String) {
      #expect(GRPCStatus.percentDecoded(text) == decoded)
    }
  }
}
