internal import NIOCore
internal import NIOPosix

/// The least HTTP that asks a local server something: one request on a connection of its own. Version 1.0, so that the
/// answer ends where the connection does and never comes in chunks.
struct LoopbackHTTP {
  var port: Int
  var timeout = Duration.seconds(5)

  struct Response {
    var status: Int
    var body: [UInt8]
    var text: String { String(decoding: body, as: UTF8.self) }
  }

  func get(_ path: String) async throws -> Response {
    try await send("GET \(path) HTTP/1.0\r\nHost: 127.0.0.1:\(port)\r\n\r\n", body: [])
  }

  func post(_ path: String, json: [UInt8]) async throws -> Response {
    let head = [
      "POST \(path) HTTP/1.0", "Host: 127.0.0.1:\(port)", "Content-Type: application/json",
      "Content-Length: \(json.count)",
    ]
    return try await send(head.joined(separator: "\r\n") + "\r\n\r\n", body: json)
  }

  private func send(_ head: String, body: [UInt8]) async throws -> Response {
    let limit = TimeAmount(timeout)
    let start = ContinuousClock.now
    let connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(limit)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    let channel = connection.channel
    let deadline = channel.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
    defer { deadline.cancel() }
    let answer = try await connection.executeThenClose { inbound, outbound in
      try await outbound.write(ByteBuffer(bytes: Array(head.utf8) + body))
      var answer = ByteBuffer()
      for try await var part in inbound { answer.writeBuffer(&part) }
      return answer
    }
    guard ContinuousClock.now - start < timeout else {
      throw EtcdFixtureError("no complete answer from port \(port) within \(timeout)")
    }
    return try Response(Array(answer.readableBytesView))
  }
}

extension LoopbackHTTP.Response {
  /// Status line, headers, empty line, body: the headers say nothing that is needed here.
  init(_ answer: [UInt8]) throws {
    let end = Array("\r\n\r\n".utf8)
    guard let headEnd = answer.indices.first(where: { answer[$0...].starts(with: end) }) else {
      throw EtcdFixtureError("not an HTTP answer: \(String(decoding: answer.prefix(200), as: UTF8.self))")
    }
    let head = String(decoding: answer[..<headEnd], as: UTF8.self)
    guard let status = head.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap({ Int($0) }) else {
      throw EtcdFixtureError("not an HTTP status line: \(head.prefix(200))")
    }
    self.init(status: status, body: Array(answer[(headEnd + end.count)...]))
  }
}
