internal import NIOCore
internal import NIOPosix

/// The least HTTP that asks a local server something: one request on a connection of its own. Version 1.0, so that the
/// answer ends where the connection does and never comes in chunks.
struct LoopbackHTTP {
  var port: Int
  var timeout = Duration.seconds(5)
  /// The `Authorization` header, where etcd's gateway looks for a token.
  var authorization: String?

  struct Response {
    var status: Int
    var body: [UInt8]
    var text: String { String(decoding: body, as: UTF8.self) }
  }

  func get(_ path: String) async throws -> Response {
    try await send("GET \(path) HTTP/1.0\r\nHost: 127.0.0.1:\(port)\r\n\r\n", body: [])
  }

  func post(_ path: String, json: [UInt8]) async throws -> Response {
    return try await send(postHead(path, json), body: json)
  }

  /// Posts and hands over each line of an answer that does not end, until `isDone` says so.
  func stream(_ path: String, json: [UInt8], until isDone: ([UInt8]) throws -> Bool) async throws {
    var lines = LineReader()
    let isComplete = try await exchange(postHead(path, json), body: json) { part in
      for line in lines.add(part) where try isDone(line) { return true }
      return false
    }
    guard isComplete else { throw EtcdFixtureError("the stream of \(path) at port \(port) ended too early") }
  }

  private func postHead(_ path: String, _ json: [UInt8]) -> String {
    let head = [
      "POST \(path) HTTP/1.0", "Host: 127.0.0.1:\(port)", "Content-Type: application/json",
      "Content-Length: \(json.count)",
    ]
    let lines = head + (authorization.map { ["Authorization: \($0)"] } ?? [])
    return lines.joined(separator: "\r\n") + "\r\n\r\n"
  }

  private func send(_ head: String, body: [UInt8]) async throws -> Response {
    var answer: [UInt8] = []
    let start = ContinuousClock.now
    _ = try await exchange(head, body: body) { part in
      answer += part
      return false
    }
    guard ContinuousClock.now - start < timeout else {
      throw EtcdFixtureError("no complete answer from port \(port) within \(timeout)")
    }
    return try Response(answer)
  }

  /// Hands over what comes until `isDone` or the peer's end. True when it was done.
  private func exchange(_ head: String, body: [UInt8], until isDone: ([UInt8]) throws -> Bool) async throws -> Bool {
    let limit = TimeAmount(timeout)
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
    return try await connection.executeThenClose { inbound, outbound in
      try await outbound.write(ByteBuffer(bytes: Array(head.utf8) + body))
      for try await part in inbound where try isDone(Array(part.readableBytesView)) { return true }
      return false
    }
  }
}

/// Makes lines of what comes in parts.
private struct LineReader {
  private var rest: [UInt8] = []

  mutating func add(_ part: [UInt8]) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    var start = part.startIndex
    while let end = part[start...].firstIndex(of: UInt8(ascii: "\n")) {
      lines.append(rest + part[start..<end])
      rest = []
      start = end + 1
    }
    rest += part[start...]
    return lines
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
