internal import Subprocess

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// An authority of a test's own, made with `openssl` in a scratch directory, and the certificates that it issues.
package struct CertificateAuthority: Sendable {
  /// A certificate and its key, as files.
  package struct Issued: Sendable, Hashable {
    package var certificate: String
    package var key: String

    package init(certificate: String, key: String) {
      self.certificate = certificate
      self.key = key
    }
  }

  /// The authority's own certificate.
  package let certificate: String
  private let directory: String
  private let key: String

  package init(_ name: String, in directory: String) async throws {
    self.directory = directory + "/\(name)"
    try FileManager.default.createDirectory(atPath: self.directory, withIntermediateDirectories: true)
    certificate = self.directory + "/ca.pem"
    key = self.directory + "/ca.key"
    try await Self.openssl(
      ["req", "-x509", "-days", "30", "-subj", "/CN=\(name)", "-out", certificate] + Self.newKey(key)
        + ["-addext", "keyUsage=critical,keyCertSign,cRLSign"])
    try Self.write(Self.configuration(self.directory), to: self.directory + "/ca.cnf")
    try Self.write("", to: self.directory + "/index.txt")
  }

  /// A certificate for servers, and for clients, of this name.
  ///
  /// - Parameter subjects: What it is made for: `DNS:localhost`, `IP:127.0.0.1`.
  /// - Parameter isExpired: Whether it was valid in 2020 only.
  package func issue(
    _ name: String, for subjects: [String] = ["DNS:localhost", "IP:127.0.0.1"], isExpired: Bool = false
  ) async throws -> Issued {
    let path = directory + "/\(name)"
    try await Self.openssl(
      ["req", "-new", "-subj", "/CN=\(name)", "-out", path + ".csr"] + Self.newKey(path + ".key"))
    try Self.write(
      "extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=\(subjects.joined(separator: ","))\n", to: path + ".ext")
    let validity = isExpired ? ["20200101000000Z", "20200201000000Z"] : ["20200101000000Z", "21200101000000Z"]
    try await Self.openssl([
      "ca", "-batch", "-notext", "-config", directory + "/ca.cnf", "-cert", certificate,
      "-keyfile", key, "-in", path + ".csr", "-extfile", path + ".ext", "-startdate", validity[0],
      "-enddate", validity[1], "-out", path + ".pem",
    ])
    return Issued(certificate: path + ".pem", key: path + ".key")
  }

  private static func newKey(_ path: String) -> [String] {
    ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path]
  }

  private static func configuration(_ directory: String) -> String {
    """
    [ca]
    default_ca = own
    [own]
    database = \(directory)/index.txt
    new_certs_dir = \(directory)
    default_md = sha256
    policy = any
    unique_subject = no
    rand_serial = yes
    [any]
    commonName = supplied
    """
  }

  private static func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path))
  }

  private static func openssl(_ arguments: [String]) async throws {
    let result = try await Subprocess.run(
      .name("openssl"), arguments: Arguments(arguments), input: .none, output: .discarded,
      error: .string(limit: 1 << 20))
    guard result.terminationStatus.isSuccess else {
      throw EtcdFixtureError("openssl \(arguments.first ?? ""): \(result.standardError)")
    }
  }
}

extension CertificateAuthority.Issued {
  /// Puts copies under names of their own, which a later certificate can take over.
  package func copy(to path: String) throws -> CertificateAuthority.Issued {
    let copy = CertificateAuthority.Issued(certificate: path + ".pem", key: path + ".key")
    try replace(copy)
    return copy
  }

  /// Puts this certificate in the place of another, as a rotation does.
  package func replace(_ other: CertificateAuthority.Issued) throws {
    try Data(contentsOf: URL(filePath: certificate)).write(to: URL(filePath: other.certificate), options: .atomic)
    try Data(contentsOf: URL(filePath: key)).write(to: URL(filePath: other.key), options: .atomic)
  }
}

extension CertificateAuthority {
  /// Its own certificate and key, to be replaced by another authority's.
  package var issuedByItself: Issued { Issued(certificate: certificate, key: key) }
}
