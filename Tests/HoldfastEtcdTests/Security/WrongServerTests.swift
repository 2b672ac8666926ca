import HoldfastCore
import HoldfastEtcd
import NIOCore
import NIOPosix
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Whoever is behind an endpoint that is no etcd, or not as the endpoint says, the error tells what to look at.
@Suite struct WrongServerTests {
  /// Answers the first bytes, and closes.
  private final class Answering: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: String

    init(_ answer: String) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      if !answer.isEmpty { context.write(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil) }
      context.flush()
      context.close(promise: nil)
    }
  }

  private func expect(
    _ parts: [String], from scheme: String, answering answer: String, resets: Bool
  ) async throws {
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Answering(answer)) }
          .flatMap {
            guard resets, let options = channel as? any SocketOptionProvider else {
              return channel.eventLoop.makeSucceededVoidFuture()
            }
            return options.setSoLinger(Self.reset)
          }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let url = "\(scheme)://127.0.0.1:\(server.localAddress?.port ?? 0)"
    try await withEtcdBackend([url]) {
      $0.requestTimeout = .seconds(1)
    } _: { backend in
      let error = try await connectFailure(of: url) { try await backend.put(PutRequest(key: "/t/key", value: [1])) }
      #expect(error?.outcome == .refused)
      for part in parts + [url] {
        #expect(error?.message.contains(part) == true, "\(part): \(String(describing: error))")
      }
    }
    try await server.close()
  }

  private static let reset = linger(l_onoff: 1, l_linger: 0)

  /// What etcd without TLS does with a ClientHello, when the kernel's reset overtakes its answer.
  @Test func aResetInTheHandshake() async throws {
    try await expect(["TLS handshake", "http://"], from: "https", answering: "", resets: true)
  }

  @Test func aWebServer() async throws {
    let answer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
    try await expect(["HTTP/2", "port"], from: "http", answering: answer, resets: false)
  }

  /// What etcd with TLS does with a client that does not begin it.
  @Test(arguments: [true, false]) func aServerThatClosesWithoutAWord(resets: Bool) async throws {
    try await expect(["HTTP/2", "port", "https://"], from: "http", answering: "", resets: resets)
  }
}
