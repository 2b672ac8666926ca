import HoldfastEtcdMachines
import NIOCore
import NIOSSL

/// TLS for one connection.
struct ConnectionSecurity: Sendable {
  private let context: NIOSSLContext
  /// The name that the certificate must be made for; nil when it is the address.
  private let name: String?
  private let hasIdentity: Bool

  /// Reads the certificates as they are now.
  init(_ credentials: TLSCredentials, for endpoint: Endpoint) throws(TLSFailure) {
    context = try credentials.context()
    name = credentials.tls.serverName ?? endpoint.name
    hasIdentity = credentials.tls.identity != nil
  }

  /// Next to the socket, before everything else is added.
  func configure(_ channel: any Channel, _ state: ConnectionState) throws {
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandler(try NIOSSLClientHandler(context: context, serverHostname: name))
    try pipeline.addHandler(TLSHandshakeHandler(state: state, name: name, hasIdentity: hasIdentity))
  }
}
