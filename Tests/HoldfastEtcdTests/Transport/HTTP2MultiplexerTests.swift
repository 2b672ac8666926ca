import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2
import Testing

@testable import HoldfastEtcd

extension TransportTests {
  /// The streams of a connection, frame by frame, where a well-behaved server would not do.
  @Suite struct Multiplexer {
    private let answer: [UInt8] = [0, 0, 0, 0, 1, 9]

    @Test func beginsWithItsSettings() throws {
      let peer = try HTTP2Peer(settings: [(5, 20_000)])
      peer.call(18_000)
      let frames = try peer.sent()
      #expect(frames.map(\.type) == [1, 0])
      #expect(frames.map(\.stream) == [1, 1])
      #expect(frames.last?.flags == 1)
      #expect(frames.last?.payload.count == 18_000, "the server takes frames of that size")
    }

    @Test func manyCallsAreOneWrite() throws {
      let peer = try HTTP2Peer()
      for _ in 0..<64 { peer.call() }
      #expect(try peer.channel.readOutbound(as: ByteBuffer.self) == nil, "not before the turn is over")
      peer.channel.embeddedEventLoop.run()
      #expect(try peer.channel.readOutbound(as: ByteBuffer.self) != nil)
      #expect(try peer.channel.readOutbound(as: ByteBuffer.self) == nil)
      #expect(peer.state.openStreams == 64)
    }

    @Test func anAnswerEndsItsStream() throws {
      let peer = try HTTP2Peer()
      let (stream, owner) = peer.call()
      _ = try peer.sent()
      try peer.sendHeaders([":status": "200"], stream: 1)
      try peer.send(type: 0, stream: 1, payload: answer)
      try peer.sendHeaders(["grpc-status": "0"], stream: 1, isLast: true)
      #expect(owner.events == ["headers", "data 6", "headers, last"])
      #expect(stream.isOver)
      #expect(peer.state.openStreams == 0)
      peer.multiplexer.reset(stream)
      #expect(try peer.sent().isEmpty, "what is over cannot be reset")
    }

    /// To NIOHTTP2 the stream goes on then, and takes the place of another.
    @Test func anInformationalAnswerThatEndsItsStreamIsReset() throws {
      let peer = try HTTP2Peer()
      let (stream, owner) = peer.call()
      _ = try peer.sent()
      try peer.sendHeaders([":status": "103"], stream: 1)
      #expect(owner.events == ["headers"])
      try peer.sendHeaders([":status": "103"], stream: 1, isLast: true)
      #expect(stream.isOver && owner.events.count == 2 && owner.events.last?.contains("informational") == true)
      #expect(try peer.sent().map(\.type) == [3])
      #expect(peer.state.openStreams == 0)
    }

    // MARK: - Windows

    @Test func aMessageWaitsForItsWindows() throws {
      let peer = try HTTP2Peer(settings: [(4, 10)])
      let (stream, _) = peer.call(30)
      #expect(try peer.sent().last?.payload.count == 10)
      #expect(!stream.isSent)
      try peer.send(type: 8, stream: 1, payload: peer.bytes(UInt32(5)))
      #expect(try peer.sent().map(\.payload.count) == [5])
      // The window of all streams grows by what the initial one does.
      try peer.send(type: 4, payload: [0, 4] + peer.bytes(UInt32(12)))
      let frames = try peer.sent().filter { $0.type == 0 }
      #expect(frames.map(\.payload.count) == [2])
      try peer.send(type: 8, stream: 1, payload: peer.bytes(UInt32(100)))
      let last = try peer.sent()
      #expect(last.map(\.payload.count) == [13])
      #expect(last.map(\.flags) == [1])
      #expect(stream.isSent)
    }

    @Test func aResetStreamTakesNothingOfTheWindow() throws {
      let peer = try HTTP2Peer(settings: [(4, 1 << 20)])
      let (first, _) = peer.call(200_000)
      let (second, _) = peer.call(20_000)
      _ = try peer.sent()
      peer.multiplexer.reset(first)
      #expect(try peer.sent().map(\.type) == [3])
      try peer.send(type: 8, payload: peer.bytes(UInt32(30_000)))
      #expect(try peer.sent().map(\.stream).allSatisfy { $0 == 3 })
      #expect(second.isSent)
    }

    @Test func whatComesForAResetStreamStillCounts() throws {
      let peer = try HTTP2Peer(streamWindow: 60_000, connectionWindow: 65_535)
      let (stream, owner) = peer.call()
      _ = try peer.sent()
      peer.multiplexer.reset(stream)
      _ = try peer.sent()
      // More than the connection's window altogether: it opens again, and the headers are still decoded.
      for _ in 0..<10 {
        try peer.sendHeaders([":status": "200", "x-new": "value"], stream: 1)
        try peer.send(type: 0, stream: 1, payload: [UInt8](repeating: 0, count: 16_000))
      }
      #expect(try peer.sent().contains { $0.type == 8 && $0.stream == 0 })
      #expect(owner.events.isEmpty)
      let (_, next) = peer.call()
      _ = try peer.sent()
      try peer.sendHeaders([":status": "200", "x-new": "value"], stream: 3)
      #expect(next.events == ["headers"])
    }

    @Test func aStreamsWindowOpensWhenItsOwnerAsks() throws {
      let peer = try HTTP2Peer(streamWindow: 1_000)
      let (stream, owner) = peer.stream()
      _ = try peer.sent()
      try peer.sendHeaders([":status": "200"], stream: 1)
      try peer.send(type: 0, stream: 1, payload: [UInt8](repeating: 0, count: 700))
      #expect(owner.events == ["headers", "batch", "data 700", "batch"])
      #expect(try peer.sent().isEmpty)
      peer.multiplexer.openWindow(of: stream)
      #expect(try peer.sent() == [.init(type: 8, flags: 0, stream: 1, payload: peer.bytes(UInt32(700)))])
    }

    // MARK: - Turns and ends

    @Test func callsWaitForTheirTurn() throws {
      let peer = try HTTP2Peer(settings: [(3, 1)])
      let (first, _) = peer.call()
      let (second, _) = peer.call()
      let (third, _) = peer.call()
      #expect(try peer.sent().map(\.stream) == [1, 1])
      peer.multiplexer.reset(second)
      #expect(try peer.sent().isEmpty, "the server never heard of it")
      peer.multiplexer.reset(first)
      let frames = try peer.sent()
      #expect(frames.map(\.stream) == [1, 5, 5], "the place is taken after the reset that makes it")
      #expect(third.isSent)
      #expect(peer.state.openStreams == 1)
      peer.call()
      #expect(try peer.sent().isEmpty)
      try peer.send(type: 4, payload: [0, 3] + peer.bytes(UInt32(2)))
      #expect(try peer.sent().contains { $0.type == 1 })
    }

    @Test func goAwayExcludesWhatIsAboveItAndWhatWaits() throws {
      let peer = try HTTP2Peer(settings: [(3, 2)])
      let (first, firstOwner) = peer.call()
      let (_, secondOwner) = peer.call()
      let (_, waiting) = peer.call()
      _ = try peer.sent()
      try peer.send(type: 7, payload: peer.bytes(UInt32(1)) + peer.bytes(UInt32(0)) + Array("bye".utf8))
      #expect(secondOwner.events == ["excluded"])
      #expect(waiting.events == ["excluded"])
      #expect(firstOwner.events.isEmpty)
      #expect(!first.isOver)
      #expect(peer.state.lastStreamID == 1)
      #expect(try peer.sent().isEmpty)
    }

    @Test func aLostConnectionTellsWhatWasSent() throws {
      let peer = try HTTP2Peer(settings: [(4, 10)])
      let (whole, owner) = peer.call(10)
      let (half, other) = peer.call(11)
      _ = try peer.sent()
      let sent = (whole.isSent, half.isSent)
      peer.channel.pipeline.fireChannelInactive()
      #expect(owner.events == ["connectionClosed"])
      #expect(other.events == ["connectionClosed"])
      #expect(sent == (true, false))
      #expect(peer.state.openStreams == 0)
    }

    @Test func resetsAndPings() throws {
      let peer = try HTTP2Peer()
      let (_, owner) = peer.call()
      _ = try peer.sent()
      try peer.send(type: 3, stream: 1, payload: peer.bytes(UInt32(7)))
      #expect(owner.events == ["reset(HTTP2ErrorCode<0x7 Refused Stream>)"])
      try peer.send(type: 6, payload: [1, 2, 3, 4, 5, 6, 7, 8])
      #expect(try peer.sent().isEmpty, "an answer is not worth a write of its own at once")
      peer.call()
      #expect(try peer.sent().map(\.type) == [6, 1, 0])
      try peer.send(type: 6, payload: [1, 2, 3, 4, 5, 6, 7, 8])
      peer.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
      #expect(try peer.sent() == [.init(type: 6, flags: 1, stream: 0, payload: [1, 2, 3, 4, 5, 6, 7, 8])])
      try peer.send(type: 6, flags: 1, payload: [1, 2, 3, 4, 5, 6, 7, 8])
      try peer.send(type: 99, stream: 1, payload: [1])
      #expect(try peer.sent().isEmpty)
    }

    @Test func whatCannotBeSentIsOneCallsMatter() throws {
      let peer = try HTTP2Peer()
      let (other, _) = peer.call()
      let (stream, owner) = peer.call(headers: ["Not A Name": "x"])
      #expect(owner.events.count == 1)
      #expect(owner.events.first?.hasPrefix("failed") == true)
      #expect(stream.isOver)
      #expect(!stream.isSent)
      #expect(try peer.sent().map(\.stream) == [1, 1])
      #expect(other.isSent)
      #expect(peer.channel.isActive)
      #expect(peer.state.openStreams == 1)
    }

    /// What the server may not do ends the connection and its calls.
    @Test(
      arguments: [
        ("a short PING", 6, 0, 0, [1]), ("a push", 5, 4, 1, [0, 0, 0, 2, 0x88]),
        ("half a setting", 4, 0, 0, [0, 3, 0]),
        ("a window too large", 4, 0, 0, [0, 4, 255, 0, 0, 0]),
        ("a window beyond its limit", 8, 0, 0, [0x7f, 255, 255, 255]),
        ("a header that is not in the table", 1, 4, 1, [0xff, 0x7f]),
        ("more DATA than the stream's window", 0, 0, 1, [UInt8](repeating: 0, count: 1_001)),
        ("an answer of one length that promises another", 1, 5, 1, [0x88, 0x0f, 0x0d, 1, 0x35]),
      ] as [(String, UInt8, UInt8, UInt32, [UInt8])])
    func violations(name: String, type: UInt8, flags: UInt8, stream: UInt32, payload: [UInt8]) throws {
      let peer = try HTTP2Peer()
      let (_, owner) = peer.call()
      _ = try peer.sent()
      try peer.send(type: type, flags: flags, stream: stream, payload: payload)
      #expect(owner.events.count == 1, "\(owner.events)")
      #expect(owner.events.first == "connectionClosed" || owner.events.first?.hasPrefix("failed") == true)
      #expect(!peer.state.flag.isUsable)
      #expect(!peer.channel.isActive)
      #expect(peer.state.openStreams == 0)
    }

    @Test func aHeaderBlockHasAnEnd() throws {
      let peer = try HTTP2Peer()
      peer.call()
      _ = try peer.sent()
      try peer.send(type: 1, stream: 1, payload: [UInt8](repeating: 0x88, count: 16_384))
      for _ in 0..<4 where peer.channel.isActive {
        try peer.send(type: 9, stream: 1, payload: [UInt8](repeating: 0x88, count: 16_384))
      }
      #expect(!peer.channel.isActive)
      let other = try HTTP2Peer()
      other.call()
      try other.send(type: 1, stream: 1, payload: [0x88])
      try other.send(type: 6, payload: [1, 2, 3, 4, 5, 6, 7, 8])
      #expect(!other.channel.isActive, "nothing may come between")
    }

    @Test func questionsWithoutEndThatNobodyReads() throws {
      let peer = try HTTP2Peer()
      let ping = peer.frame(6, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8])
      peer.channel.isWritable = false
      peer.channel.pipeline.fireChannelWritabilityChanged()
      for _ in 0..<11 { try peer.send(Array(repeatElement(ping, count: 1_000).joined())) }
      #expect(!peer.channel.isActive)
    }
  }
}
