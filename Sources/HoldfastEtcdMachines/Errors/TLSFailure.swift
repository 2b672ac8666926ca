/// Why a TLS handshake failed, and what there is to do about it, from what the TLS library says.
package struct TLSFailure: Error, Hashable, Sendable {
  /// The cause and the remedy, to follow the name of the endpoint.
  package var message: String
  /// Whether it will fail again until somebody changes a certificate or the configuration.
  package var isPermanent: Bool

  package init(_ message: String, isPermanent: Bool = true) {
    self.message = message
    self.isPermanent = isPermanent
  }

  /// What is known about the handshake beside the library's words.
  package struct Circumstances: Hashable, Sendable {
    /// The name that the server's certificate must be made for; nil for the address that was connected to.
    package var name: String?
    /// Whether a client certificate was at hand.
    package var hasIdentity: Bool
    /// Until when and from when the certificate that the server showed is valid, and now, in seconds since 1970.
    package var validity: ClosedRange<Int>?
    package var now: Int

    package init(name: String?, hasIdentity: Bool, validity: ClosedRange<Int>?, now: Int) {
      self.name = name
      self.hasIdentity = hasIdentity
      self.validity = validity
      self.now = now
    }
  }

  /// - Parameter text: The library's description of the error: its words are those of OpenSSL.
  package init(_ text: String, in circumstances: Circumstances) {
    func says(_ words: String...) -> Bool { words.contains { text.contains($0) } }
    if says("CERTIFICATE_VERIFY_FAILED", "unableToValidateCertificate") {
      self = Self.unverified(circumstances)
    } else if says("failedToValidateHostname", "Couldn't find", "IP_ADDRESS_MISMATCH", "HOSTNAME_MISMATCH") {
      let name = circumstances.name.map { "the name \"\($0)\"" } ?? "the address that was connected to"
      self.init(
        "its certificate is not made for \(name): use an endpoint that it names, or give the name in `tls.serverName`")
    } else if says("ALERT_CERTIFICATE_REQUIRED") || !circumstances.hasIdentity && says("ALERT_BAD_CERTIFICATE") {
      self.init("it wants a client certificate: give one in `tls.identity`")
    } else if says("ALERT_CERTIFICATE_EXPIRED") {
      self.init("it says that our client certificate is expired: renew it")
    } else if says("ALERT_UNKNOWN_CA", "ALERT_BAD_CERTIFICATE", "ALERT_CERTIFICATE_UNKNOWN", "ALERT_ACCESS_DENIED") {
      self.init(
        circumstances.hasIdentity
          ? "it does not accept our client certificate: give one of an authority that the server trusts, for clients, not expired"
          : "it wants a client certificate: give one in `tls.identity`")
    } else if says("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "INVALID_HEADER", "UNEXPECTED_RECORD", "BAD_PACKET_LENGTH") {
      self.init("it speaks no TLS: use http:// if the server is meant to be without, or check the port")
    } else if says("ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL") {
      self.init("it does not speak the TLS version that is wanted: see `tls.minimumVersion`")
    } else if says("ALERT_HANDSHAKE_FAILURE", "NO_SHARED_CIPHER") {
      self.init("it has no TLS parameters in common with this client")
    } else if says("EOF during handshake", "uncleanShutdown", "zeroReturn", "syscallError") {
      self = .ended
    } else {
      self.init("the TLS handshake failed: \(text)", isPermanent: false)
    }
  }

  /// A server that is just being ended looks the same as one that speaks no TLS.
  package static let ended = TLSFailure(
    "it ended the connection during the TLS handshake; it may speak no TLS (http://)", isPermanent: false)

  private static func unverified(_ circumstances: Circumstances) -> TLSFailure {
    guard let validity = circumstances.validity, !validity.contains(circumstances.now) else {
      return TLSFailure(
        "its certificate is of an authority that is not trusted here, or does not hold: give the authority's certificate "
          + "in `tls.trustRoots`")
    }
    return circumstances.now > validity.upperBound
      ? TLSFailure("its certificate is expired: renew the server's certificate, or check this machine's clock")
      : TLSFailure("its certificate is not valid yet: check the clocks of both machines")
  }
}
