import Testing

import TestSupport

@Suite("The TCP fault proxy")
struct TCPProxyTests {
  @Test("forwards both ways and passes on half-closing")
  func forwards() async throws {
    try await withProxiedEcho { proxy in
      try await withTCPClient(to: proxy.port) { client in
        try await client.send("ping")
        try await eventually { client.received == "ping" }
        client.finish()
        try await eventually { client.end == .finished }
      }
      try await eventually { proxy.openConnections == 0 }
      #expect(proxy.acceptedConnections == 1)
      #expect(proxy.url == "http://127.0.0.1:\(proxy.port)")
    }
  }

  @Test("cuts what is open, by RST or FIN, and accepts the next", arguments: [TCPProxy.Cut.reset, .finish])
  func cuts(how: TCPProxy.Cut) async throws {
    try await withProxiedEcho { proxy in
      try await withTCPClient(to: proxy.port) { client in
        try await client.send("a")
        try await eventually { client.received == "a" }
        await proxy.cut(how)
        try await eventually { client.end != nil }
        #expect(client.end == (how == .reset ? .broken : .finished))
        #expect(proxy.openConnections == 0)
      }
      try await expectEcho(proxy)
      #expect(proxy.acceptedConnections == 2)
    }
  }

  @Test("refuses new connections, keeps open ones, and heals on the same port")
  func refuses() async throws {
    try await withProxiedEcho { proxy in
      try await withTCPClient(to: proxy.port) { client in
        try await client.send("a")
        try await eventually { client.received == "a" }
        try await proxy.refuse()
        try await proxy.refuse()
        await #expect(throws: (any Error).self) { try await withTCPClient(to: proxy.port) { _ in } }
        try await client.send("b")
        try await eventually { client.received == "ab" }
        try await proxy.accept()
        try await proxy.accept()
        try await expectEcho(proxy)
      }
    }
  }

  @Test("swallows nothing while it is paused: what came in is forwarded on resume")
  func pauses() async throws {
    try await withProxiedEcho { proxy in
      try await withTCPClient(to: proxy.port) { client in
        try await client.send("a")
        try await eventually { client.received == "a" }
        proxy.pause()
        try await client.send("b")
        // New connections are accepted too, and get no answer either.
        try await withTCPClient(to: proxy.port) { other in
          try await other.send("x")
          try await eventually { proxy.openConnections == 2 }
          #expect(client.received == "a")
          #expect(client.end == nil)
          proxy.resume()
          try await eventually { client.received == "ab" && other.received == "x" }
        }
      }
    }
  }

  @Test("can be cut, and left, while it is paused")
  func cutsWhilePaused() async throws {
    try await withProxiedEcho { proxy in
      proxy.pause()
      try await withTCPClient(to: proxy.port) { client in
        try await client.send("a")
        try await eventually { proxy.openConnections == 1 }
        await proxy.cut()
        try await eventually { client.end != nil }
        #expect(client.end == .broken)
      }
      try await withTCPClient(to: proxy.port) { client in try await client.send("left waiting") }
    }
  }

  @Test("breaks a connection whose target is not there")
  func noTarget() async throws {
    try await withProxiedEcho { inner in
      try await inner.refuse()
      try await withTCPProxy(to: inner.port) { proxy in
        do {
          try await withTCPClient(to: proxy.port) { client in
            try await eventually { client.end != nil }
            #expect(client.end == .broken)
          }
        } catch  where !(error is EventuallyTimeout) {
          // The reset may come before our side has noticed that it is connected.
        }
      }
    }
  }

  @Test("stops a sender whose receiver does not take the bytes")
  func backPressure() async throws {
    let chunk = String(repeating: "x", count: 65_536)
    let chunks = 2_048  // 128 MiB, far above what the kernel holds for four sockets
    try await withProxiedEcho { proxy in
      proxy.pause()
      try await withTCPClient(to: proxy.port) { client in
        let sent = Counter()
        async let sending: Void = {
          for _ in 0..<chunks {
            try await client.send(chunk)
            sent.increment()
          }
        }()
        var last = (count: -1, looks: 0)
        try await eventually(within: .seconds(30), "the sender is held up") {
          let count = sent.value
          last = count == last.count ? (count, last.looks + 1) : (count, 0)
          return count > 0 && last.looks == 10
        }
        #expect(sent.value < chunks / 2)
        proxy.resume()
        try await sending
        try await eventually(within: .seconds(60)) { client.receivedBytes == chunks * chunk.utf8.count }
      }
    }
  }

  private func withProxiedEcho(_ body: (TCPProxy) async throws -> Void) async throws {
    try await withEchoServer { port in try await withTCPProxy(to: port, body: body) }
  }

  private func expectEcho(_ proxy: TCPProxy) async throws {
    try await withTCPClient(to: proxy.port) { client in
      try await client.send("again")
      try await eventually { client.received == "again" }
    }
  }
}
