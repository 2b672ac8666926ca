/// How a real etcd serves TLS, on a port of its own beside the plain one that the fixture itself uses.
package struct EtcdSecurity: Sendable {
  package var server: CertificateAuthority.Issued
  /// The authority whose client certificates are demanded; nil when none are.
  package var clientAuthority: String?

  package init(_ server: CertificateAuthority.Issued, clientAuthority: String? = nil) {
    self.server = server
    self.clientAuthority = clientAuthority
  }

  var arguments: [String] {
    ["--cert-file", server.certificate, "--key-file", server.key]
      + (clientAuthority.map { ["--client-cert-auth", "--trusted-ca-file", $0] } ?? [])
  }
}

extension EtcdServer {
  /// `https://localhost:PORT`, where there is TLS.
  package var secureURL: String { "https://localhost:\(securePort ?? 0)" }
  /// The same by address.
  package var secureAddressURL: String { "https://127.0.0.1:\(securePort ?? 0)" }
}
