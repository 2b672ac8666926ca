internal import HoldfastCore

/// How connections to `https://` endpoints are secured: whom to believe, and who we are. It is of no concern to `http://` ones.
///
/// What is given as files is read again for every new connection when it has changed, so that rotated certificates need no
/// restart. Connections that stand go on with what they began with.
///
/// ```swift
/// .etcd(endpoints: ["https://etcd-1.example:2379"]) {
///   $0.tls.trustRoots = .file("/etc/etcd/ca.pem")
///   $0.tls.identity = .files(certificate: "/etc/etcd/client.pem", key: "/etc/etcd/client.key")
/// }
/// ```
public struct EtcdTLS: Hashable, Sendable {
  /// The authorities whose certificates a server may show.
  public var trustRoots = TrustRoots.system
  /// The client certificate, for servers that want one (mutual TLS); nil to show none.
  public var identity: Identity?
  /// The name that the server's certificate must be made for, where it is not the endpoint's: a host name, not an address. A
  /// certificate that is made for the very address that was connected to is accepted too.
  public var serverName: String?
  /// What is checked of a server's certificate.
  public var verification = Verification.full
  /// The oldest version of TLS that is spoken.
  public var minimumVersion = Version.tls1_2

  /// The system's authorities, no client certificate, everything checked.
  public init() {}

  /// Authorities to trust.
  public struct TrustRoots: Hashable, Sendable {
    enum Source: Hashable, Sendable {
      case system
      case file(String)
      case pem([UInt8])
    }

    let source: Source

    /// Those of the operating system.
    public static let system = TrustRoots(source: .system)
    /// Only those whose certificates are in this PEM file (etcdctl's `--cacert`).
    public static func file(_ path: String) -> TrustRoots { TrustRoots(source: .file(path)) }
    /// Only those whose certificates these PEM bytes hold.
    public static func pem(_ bytes: [UInt8]) -> TrustRoots { TrustRoots(source: .pem(bytes)) }
  }

  /// A client certificate with its chain, and its private key.
  public struct Identity: Hashable, Sendable {
    enum Source: Hashable, Sendable {
      case files(certificate: String, key: String)
      case pem(certificate: [UInt8], key: Secret<[UInt8]>)
    }

    let source: Source

    /// PEM files (etcdctl's `--cert` and `--key`); the key must not be encrypted.
    public static func files(certificate: String, key: String) -> Identity {
      Identity(source: .files(certificate: certificate, key: key))
    }

    /// PEM bytes. The key's are never printed, whatever this value is in.
    public static func pem(certificate: [UInt8], key: [UInt8]) -> Identity {
      Identity(source: .pem(certificate: certificate, key: Secret(key)))
    }
  }

  /// What is checked of a server's certificate. There is no way to check nothing.
  public struct Verification: Hashable, Sendable {
    let checksName: Bool

    /// Its authority, its time and its name.
    public static let full = Verification(checksName: true)
    /// Its authority and its time: any server with a certificate of a trusted authority can pose as any other.
    public static let authorityOnly = Verification(checksName: false)
  }

  /// A version of TLS.
  public struct Version: Hashable, Sendable {
    let minor: Int

    public static let tls1_2 = Version(minor: 2)
    public static let tls1_3 = Version(minor: 3)
  }
}
