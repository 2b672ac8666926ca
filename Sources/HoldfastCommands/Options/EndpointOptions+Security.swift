import ArgumentParser
import Holdfast
import HoldfastEtcd

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What `EndpointOptions` says of TLS and of the user.
extension EndpointOptions {
  func configureSecurity(for tool: Tool) throws -> (inout EtcdConfiguration) -> Void {
    func value(_ option: String?, _ variable: String) -> String? {
      option ?? tool.environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }
    let authorities = value(cacert, "HOLDFAST_CACERT")
    let identity: EtcdTLS.Identity?
    switch (value(cert, "HOLDFAST_CERT"), value(key, "HOLDFAST_KEY")) {
    case (nil, nil): identity = nil
    case (let certificate?, let key?): identity = .files(certificate: certificate, key: key)
    default: throw HoldfastError(.invalidArgument, "--cert and --key belong together, and one of them is missing")
    }
    let credentials = try value(user, "HOLDFAST_USER").map { try self.credentials(of: $0, for: tool) }
    if credentials == nil, passwordFile != nil {
      throw HoldfastError(.invalidArgument, "--password-file needs --user")
    }
    return { [tlsServerName, allowPlaintextPassword] in
      $0.allowsPlaintextCredentials = allowPlaintextPassword
      if let authorities { $0.tls.trustRoots = .file(authorities) }
      $0.tls.identity = identity
      $0.tls.serverName = tlsServerName
      ($0.user, $0.password) = (credentials?.name, credentials?.password)
    }
  }

  private func credentials(of user: String, for tool: Tool) throws -> (name: String, password: String) {
    if let colon = user.firstIndex(of: ":") {
      // As etcdctl has it, and as bad an idea there.
      try? tool.errors.line("holdfast: --user NAME:PASSWORD shows the password to everybody who lists processes")
      return (String(user[..<colon]), String(user[user.index(after: colon)...]))
    }
    if let passwordFile { return (user, try password(in: passwordFile)) }
    // etcd has no empty passwords, so an empty variable is none, as everywhere.
    if let password = tool.environment["HOLDFAST_PASSWORD"], !password.isEmpty { return (user, password) }
    if let password = tool.askPassword?("Password of \(user): "), !password.isEmpty { return (user, password) }
    let state = tool.environment["HOLDFAST_PASSWORD"] == nil ? "not set" : "empty"
    throw HoldfastError(
      .invalidArgument,
      "the user \(user) needs a password: set HOLDFAST_PASSWORD, which is \(state), or give --password-file")
  }

  private func password(in path: String) throws -> String {
    guard var text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw HoldfastError(.invalidArgument, "--password-file \(path) cannot be read as text")
    }
    while text.last?.isNewline ?? false { text.removeLast() }
    guard !text.isEmpty else { throw HoldfastError(.invalidArgument, "--password-file \(path) holds no password") }
    return text
  }
}
