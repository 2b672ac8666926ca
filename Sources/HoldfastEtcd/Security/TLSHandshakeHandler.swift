import HoldfastEtcdMachines
import NIOCore
import NIOSSL
import NIOTLS

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Next to TLS: says what its errors mean, which are written in the words of OpenSSL.
final class TLSHandshakeHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let state: ConnectionState
  private let name: String?
  private let hasIdentity: Bool
  private var hasCompleted = false

  init(state: ConnectionState, name: String?, hasIdentity: Bool) {
    self.state = state
    self.name = name
    self.hasIdentity = hasIdentity
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
      hasCompleted = true
      if negotiated != "h2" {
        state.fail(TLSFailure("it speaks TLS but not HTTP/2 over it (ALPN h2), as every etcd does: check the port"))
      }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError else {
      // A server that speaks no TLS does not read what it takes for nonsense, and the kernel then resets the connection,
      // sometimes before the server's answer is here.
      if error is IOError && !hasCompleted { state.fail(.ended) } else { context.fireErrorCaught(error) }
      return
    }
    guard !state.hasBeenReady else {
      // Servers that are killed end without a TLS goodbye. HTTP/2 has ends of its own, so nothing can be cut off unseen.
      state.close(reason: Self.isEnd(error) ? "the server closed it" : "TLS failed: \(error)")
      return
    }
    state.fail(TLSFailure("\(error)", in: circumstances(context)))
  }

  private static func isEnd(_ error: any Error) -> Bool {
    if case .uncleanShutdown? = error as? NIOSSLError { true } else { false }
  }

  private func circumstances(_ context: ChannelHandlerContext) -> TLSFailure.Circumstances {
    let tls = try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
    let validity = tls?.peerCertificate.map { certificate in
      let (from, until) = (Int(certificate.notValidBefore), Int(certificate.notValidAfter))
      return min(from, until)...until
    }
    return TLSFailure.Circumstances(
      name: name, hasIdentity: hasIdentity, validity: validity, now: Int(Date().timeIntervalSince1970))
  }
}
