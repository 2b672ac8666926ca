import NIOCore
import NIOHTTP2

extension NIOHTTP2Handler {
  /// HTTP/2 as this client speaks it: without pushes, and with limits for a server that has lost its mind.
  static func client(streamWindow: Int, delegate: any NIOHTTP2FrameDelegate) -> NIOHTTP2Handler {
    var connection = ConnectionConfiguration()
    connection.initialSettings = [
      HTTP2Setting(parameter: .enablePush, value: 0),
      HTTP2Setting(parameter: .initialWindowSize, value: streamWindow),
      HTTP2Setting(parameter: .maxHeaderListSize, value: 64 << 10),
    ]
    // NIOHTTP2 protects servers from clients here, and its limits end connections that are well. gRPC-Go measures the
    // bandwidth with a PING after nearly every request that it reads. A short window keeps the list of times, which is
    // reserved at once, small.
    connection.controlFrameRateLimit.maximumCount = 10_000
    connection.controlFrameRateLimit.windowLength = .milliseconds(50)
    // Answers that cross our resets are no offence either, and a watch may live for months.
    connection.maximumRecentlyResetStreams = 4_096
    connection.maximumConnectionGlitches = .max
    connection.maximumSequentialEmptyDataFrames = 10_000
    var stream = StreamConfiguration()
    // A server that refuses many streams at once resets each of them.
    stream.streamResetFrameRateLimit.maximumCount = 10_000
    stream.streamResetFrameRateLimit.windowLength = .milliseconds(500)
    stream.streamErrorRateLimit.maximumCount = 10_000
    stream.streamErrorRateLimit.windowLength = .milliseconds(500)
    return NIOHTTP2Handler(
      mode: .client, frameDelegate: delegate, connectionConfiguration: connection, streamConfiguration: stream)
  }
}
