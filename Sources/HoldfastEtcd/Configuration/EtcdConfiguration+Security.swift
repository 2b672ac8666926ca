import HoldfastCore
import HoldfastEtcdMachines

extension EtcdConfiguration {
  /// Who authenticates; nil when nobody does.
  ///
  /// - Throws: `HoldfastError` with `invalidArgument` for half of a credential.
  var credentials: EtcdCredentials? {
    get throws {
      guard user != nil || password != nil else { return nil }
      guard let user, !user.isEmpty, let password else {
        throw HoldfastError(.invalidArgument, "`user` and `password` belong together, and one of them is missing")
      }
      return EtcdCredentials(user: user, password: Secret(password))
    }
  }

  /// Refuses an endpoint to which a password, or the token that it is exchanged for, would be sent in the clear.
  func checkSecrecy(of endpoint: Endpoint) throws(HoldfastError) {
    guard user != nil, !allowsPlaintextCredentials, !endpoint.usesTLS, !endpoint.isLocal else { return }
    throw HoldfastError(
      .invalidArgument,
      "a password is not sent to \(endpoint) without TLS: use an https:// endpoint, or set `allowsPlaintextCredentials`"
    )
  }

  /// Refuses what would be insecure by mistake, and what cannot work.
  func checkSecurity(of endpoints: [Endpoint], _ credentials: TLSCredentials) throws {
    _ = try self.credentials
    for endpoint in endpoints { try checkSecrecy(of: endpoint) }
    guard endpoints.contains(where: \.usesTLS) else {
      guard tls == EtcdTLS() else {
        throw HoldfastError(.invalidArgument, "`tls` is set, but no endpoint is https://: nothing would be secured")
      }
      return
    }
    if let name = tls.serverName {
      let endpoint = try? Endpoint("https://\(name):1")
      guard let endpoint, endpoint.name != nil else {
        throw HoldfastError(.invalidArgument, "`tls.serverName` is \"\(name)\", which is no host name")
      }
    }
    do throws(TLSFailure) {
      _ = try credentials.context()
    } catch {
      throw HoldfastError(.invalidArgument, error.message)
    }
  }
}

/// A user who authenticates.
struct EtcdCredentials: Hashable, Sendable {
  var user: String
  var password: Secret<String>
}
