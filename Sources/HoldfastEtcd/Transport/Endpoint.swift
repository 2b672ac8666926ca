import NIOCore

/// Where one etcd member listens, parsed from a URL.
package struct Endpoint: Sendable, Hashable {
  /// What the socket connects to.
  package enum Address: Sendable, Hashable {
    /// A name or an IP address (IPv6 without brackets) and a port.
    case host(String, port: Int)
    /// A Unix socket.
    case unix(path: String)
  }

  package let address: Address

  /// Whether TLS is spoken there.
  package let usesTLS: Bool

  /// What goes into the `:authority` header.
  package let authority: String

  /// etcd's client port.
  package static let defaultPort = 2379

  /// Parses `http://name`, `https://127.0.0.1:2379`, `http://[::1]:2379`, `unix:///path` or `unixs:///path`; the s is for TLS.
  ///
  /// - Throws: `RPCError` with `.invalidArgument` that names the text.
  package init(_ text: String) throws(RPCError) {
    guard !text.contains("@") else {
      // The text is not repeated here: what stands before the @ may be a password.
      throw RPCError(
        .invalidArgument,
        "An endpoint with user information (user:password@) is refused: the user is configured apart from the address.",
        progress: .notProcessed)
    }
    // The system would read up to a zero byte, and connect to something else than the text says.
    guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw RPCError(
        .invalidArgument, "An endpoint with a control character in it is refused.", progress: .notProcessed)
    }
    guard let separator = text.firstRange(of: "://") else {
      throw Endpoint.refuse(text, "it needs a scheme: https://host:port, http://host:port or unix:///path")
    }
    let rest = text[separator.upperBound...]
    let scheme = text[..<separator.lowerBound].lowercased()
    usesTLS = scheme == "https" || scheme == "unixs"
    switch scheme {
    case "http", "https":
      (address, authority) = try Endpoint.parseHost(rest, in: text)
    case "unix", "unixs":
      (address, authority) = try Endpoint.parsePath(rest, in: text)
    default:
      throw Endpoint.refuse(text, "the scheme \"\(scheme)\" is not known, only https, http, unix and unixs are")
    }
  }

  private static func parseHost(_ rest: Substring, in text: String) throws(RPCError) -> (Address, String) {
    var rest = rest
    if rest.hasSuffix("/") { rest.removeLast() }
    if rest.contains(where: { "/?#".contains($0) }) {
      throw refuse(text, "a path, a query or a fragment means nothing here")
    }

    let host: Substring
    let portText: Substring?
    if rest.hasPrefix("[") {
      guard let end = rest.firstIndex(of: "]") else { throw refuse(text, "the bracket is not closed") }
      host = rest[rest.index(after: rest.startIndex)..<end]
      let tail = rest[rest.index(after: end)...]
      guard tail.isEmpty || tail.hasPrefix(":") else { throw refuse(text, "only a port may follow the bracket") }
      portText = tail.isEmpty ? nil : tail.dropFirst()
      guard host.contains(":"), isIPAddress(host) else { throw refuse(text, "\"\(host)\" is not an IPv6 address") }
    } else {
      let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count <= 2 else { throw refuse(text, "an IPv6 address needs brackets: http://[::1]:2379") }
      host = parts.first ?? ""
      portText = parts.count == 2 ? parts[1] : nil
      try checkName(host, in: text)
    }

    let port = try portText.map { portText throws(RPCError) in try parsePort(portText, in: text) } ?? defaultPort
    return (.host(String(host), port: port), host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)")
  }

  private static func parsePath(_ path: Substring, in text: String) throws(RPCError) -> (Address, String) {
    guard path.hasPrefix("/"), path.count > 1 else { throw refuse(text, "it needs an absolute path: unix:///path") }
    // The kernel's limit, the closing zero included (104 on Darwin, 108 on Linux).
    guard path.utf8.count < 104 else { throw refuse(text, "a socket's path is limited to 103 bytes") }
    return (.unix(path: String(path)), "localhost")
  }

  private static func parsePort(_ portText: Substring, in text: String) throws(RPCError) -> Int {
    let isNumber = portText.allSatisfy { $0.isASCII && $0.isNumber }
    guard isNumber, let port = Int(portText), (1...65535).contains(port) else {
      throw refuse(text, "\"\(portText)\" is not a port between 1 and 65535")
    }
    return port
  }

  private static func checkName(_ host: Substring, in text: String) throws(RPCError) {
    guard !host.isEmpty else { throw refuse(text, "the host is missing") }
    guard host.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) }) else {
      throw refuse(text, "\"\(host)\" is not a host name")
    }
    // Digits and dots alone are an address; the resolver would read 127.1 or 1 as one too, in ways that surprise.
    if host.allSatisfy({ $0.isNumber || $0 == "." }), !isIPAddress(host) {
      throw refuse(text, "\"\(host)\" is not an IPv4 address")
    }
  }

  private static func isIPAddress(_ host: Substring) -> Bool {
    (try? SocketAddress(ipAddress: String(host), port: 0)) != nil
  }

  private static func refuse(_ text: String, _ why: String) -> RPCError {
    RPCError(.invalidArgument, "The endpoint \"\(text)\" is refused: \(why).", progress: .notProcessed)
  }
}

extension Endpoint: CustomStringConvertible {
  package var description: String {
    switch address {
    case .host: "http\(usesTLS ? "s" : "")://\(authority)"
    case .unix(let path): "unix\(usesTLS ? "s" : "")://\(path)"
    }
  }
}

extension Endpoint {
  /// The name that a certificate is made for; nil for an address.
  var name: String? {
    switch address {
    case .host(let host, _): Endpoint.isIPAddress(host[...]) ? nil : host
    case .unix: "localhost"
    }
  }

  /// Whether nothing of what is sent leaves the machine.
  var isLocal: Bool {
    switch address {
    case .unix: true
    case .host(let host, _):
      host.lowercased() == "localhost" || host == "::1"
        || host.hasPrefix("127.") && Endpoint.isIPAddress(host[...])
    }
  }
}
