import HoldfastCore
import HoldfastEtcd
import NIOCore
import NIOPosix
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// What etcd without TLS does with a ClientHello, when the kernel's reset overtakes its answer.
@Suite struct ResetDuringHandshakeTests {
  private final class Resetting: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      context.close(promise: nil)
    }
  }

  @Test func theErrorSaysWhatToLookAt() async throws {
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Resetting()) }
          .flatMap {
            (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
              ?? channel.eventLoop.makeSucceededVoidFuture()
          }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let url = "https://127.0.0.1:\(server.localAddress?.port ?? 0)"
    try await withEtcdBackend([url]) {
      $0.requestTimeout = .milliseconds(300)
    } _: { backend in
      let error = await failure { _ = try await backend.put(PutRequest(key: "/t/key", value: [1])) }
      #expect(error?.outcome == .refused)
      for part in ["TLS handshake", "http://", url] {
        #expect(error?.message.contains(part) == true, "\(part): \(String(describing: error))")
      }
    }
    try await server.close()
  }
}
