import HoldfastCore
import HoldfastEtcdMachines
import NIOSSL

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The bytes of everything that one TLS context is made of.
struct TLSMaterial: Hashable {
  /// Nil for the system's.
  var trustRoots: [UInt8]?
  var certificate: [UInt8]?
  var key: Secret<[UInt8]>?

  /// Reads the files among what is configured.
  init(_ tls: EtcdTLS) throws(TLSFailure) {
    switch tls.trustRoots.source {
    case .system: trustRoots = nil
    case .pem(let bytes): trustRoots = bytes
    case .file(let path): trustRoots = try Self.read(path, "the authorities' certificates (`tls.trustRoots`)")
    }
    switch tls.identity?.source {
    case nil: break
    case .pem(let certificate, let key): (self.certificate, self.key) = (certificate, key)
    case .files(let certificate, let key):
      self.certificate = try Self.read(certificate, "the client certificate (`tls.identity`)")
      self.key = Secret(try Self.read(key, "the client certificate's key (`tls.identity`)"))
    }
  }

  private static func read(_ path: String, _ what: String) throws(TLSFailure) -> [UInt8] {
    do {
      return Array(try Data(contentsOf: URL(filePath: path)))
    } catch {
      let reason =
        switch (error as? CocoaError)?.code {
        case .fileReadNoSuchFile?: "there is no such file; give the path of a PEM file"
        case .fileReadNoPermission?: "it may not be read; let this process read it"
        default: "\(error)"
        }
      throw TLSFailure("cannot read \(what) from \(path): \(reason)")
    }
  }

  func context(_ tls: EtcdTLS) throws(TLSFailure) -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = tls.minimumVersion == .tls1_3 ? .tlsv13 : .tlsv12
    configuration.certificateVerification = tls.verification.checksName ? .fullVerification : .noHostnameVerification
    configuration.applicationProtocols = ["h2"]
    if let trustRoots {
      configuration.trustRoots = .certificates(try Self.certificates(trustRoots, Self.name(tls.trustRoots)))
    }
    if let certificate, let key {
      let (certificateName, keyName) = Self.names(tls.identity)
      configuration.certificateChain = try Self.certificates(certificate, certificateName).map { .certificate($0) }
      do {
        configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: key.exposed, format: .pem))
      } catch {
        // Not the library's words: they come from reading a secret.
        throw TLSFailure("\(keyName) holds no private key: it must be PEM and not encrypted")
      }
    }
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      guard certificate != nil else { throw TLSFailure("TLS cannot be set up: \(error)") }
      let (certificateName, keyName) = Self.names(tls.identity)
      throw TLSFailure("\(keyName) is not the key of \(certificateName): give the two that belong together")
    }
  }

  private static func certificates(_ pem: [UInt8], _ name: String) throws(TLSFailure) -> [NIOSSLCertificate] {
    let found = try? NIOSSLCertificate.fromPEMBytes(pem)
    guard let found, !found.isEmpty else { throw TLSFailure("\(name) holds no certificate: it must be PEM") }
    return found
  }

  private static func name(_ roots: EtcdTLS.TrustRoots) -> String {
    if case .file(let path) = roots.source { path } else { "`tls.trustRoots`" }
  }

  private static func names(_ identity: EtcdTLS.Identity?) -> (certificate: String, key: String) {
    if case .files(let certificate, let key)? = identity?.source {
      (certificate, key)
    } else {
      ("the certificate of `tls.identity`", "the key of `tls.identity`")
    }
  }
}
