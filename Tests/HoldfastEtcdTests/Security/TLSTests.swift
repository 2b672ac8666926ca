import HoldfastCore
import HoldfastEtcd
import TestSupport
import Testing

/// Real servers with real certificates.
@Suite struct TLSTests {
  private func withAuthority<R>(
    _ body: (_ authority: CertificateAuthority, _ directory: String) async throws -> R
  ) async throws -> R {
    try await withScratchDirectory { directory in
      try await body(try await CertificateAuthority("authority", in: directory), directory)
    }
  }

  private func trusting(_ authority: CertificateAuthority) -> (inout EtcdConfiguration) -> Void {
    { $0.tls.trustRoots = .file(authority.certificate) }
  }

  private let put = PutRequest(key: "/t/key", value: Array("value".utf8))

  @Test(arguments: EtcdVersion.allCases) func verifiedByNameAndByAddress(_ version: EtcdVersion) async throws {
    try await withAuthority { authority, _ in
      let security = EtcdSecurity(try await authority.issue("server"))
      try await withEtcd(version, security: security) { etcd in
        for url in [etcd.secureURL, etcd.secureAddressURL] {
          for minimum in [EtcdTLS.Version.tls1_2, .tls1_3] {
            try await withEtcdBackend([url]) {
              $0.tls.trustRoots = .file(authority.certificate)
              $0.tls.minimumVersion = minimum
            } _: { backend in
              // etcd 3.5 spoke TLS 1.2 only before it let its operators choose.
              guard version != .v3_5_1 || minimum != .tls1_3 else {
                let error = await failure { _ = try await backend.put(put) }
                #expect(error?.code == .tlsFailed && error?.message.contains("tls.minimumVersion") == true)
                return
              }
              let revision = try await backend.put(put).header.revision
              #expect(try await backend.range(RangeRequest(.key("/t/key"))).keyValues.first?.modRevision == revision)
              var updates = backend.watch(WatchRequest(.prefix("/t/"), from: revision)).makeAsyncIterator()
              while let update = try await updates.next() {
                if case .batch(let batch) = update {
                  #expect(batch.events.first?.modRevision == revision)
                  break
                }
              }
            }
          }
        }
      }
    }
  }

  /// Every way in which it can fail for good says so, at once, with what to do; another endpoint takes over.
  @Test(arguments: EtcdVersion.allCases) func failures(_ version: EtcdVersion) async throws {
    try await withAuthority { authority, directory in
      let stranger = try await CertificateAuthority("stranger", in: directory)
      // An address in it would do as well as the name, whatever name is asked for.
      let server = try await authority.issue("server", for: ["DNS:localhost"])
      let client = try await authority.issue("client")
      let strangers = try await stranger.issue("client")
      let security = EtcdSecurity(
        try server.copy(to: directory + "/served"), clientAuthority: authority.certificate)
      try await withEtcd(version, security: security) { etcd in
        let own = EtcdTLS.Identity.files(certificate: client.certificate, key: client.key)
        try await refused(etcd, "not trusted", "tls.trustRoots") {
          $0.tls.trustRoots = .file(stranger.certificate)
          $0.tls.identity = own
        }
        try await refused(etcd, "wants a client certificate", "tls.identity", trusting(authority))
        try await refused(etcd, "does not accept our client certificate", "authority") {
          $0.tls.trustRoots = .file(authority.certificate)
          $0.tls.identity = .files(certificate: strangers.certificate, key: strangers.key)
        }
        try await refused(etcd, "not made for the name \"other.example\"", "tls.serverName") {
          $0.tls.trustRoots = .file(authority.certificate)
          $0.tls.identity = own
          $0.tls.serverName = "other.example"
        }
        try await authority.issue("expired", for: ["DNS:localhost"], isExpired: true).replace(security.server)
        try await refused(etcd, "expired", "renew") {
          $0.tls.trustRoots = .file(authority.certificate)
          $0.tls.identity = own
        }
        try await authority.issue("elsewhere", for: ["DNS:elsewhere.example"]).replace(security.server)
        try await refused(etcd, "not made for the name \"localhost\"", "tls.serverName") {
          $0.tls.trustRoots = .file(authority.certificate)
          $0.tls.identity = own
        }
        for change: @Sendable (inout EtcdTLS) -> Void in [
          { $0.serverName = "elsewhere.example" }, { $0.verification = .authorityOnly },
        ] {
          try await withEtcdBackend([etcd.secureURL]) {
            $0.tls.trustRoots = .file(authority.certificate)
            $0.tls.identity = own
            change(&$0.tls)
          } _: {
            _ = try await $0.put(put)
          }
        }
      }
    }
  }

  private func refused(
    _ etcd: EtcdServer, _ cause: String, _ remedy: String, line: Int = #line,
    _ configure: (inout EtcdConfiguration) -> Void
  ) async throws {
    let place = SourceLocation(fileID: #fileID, filePath: #filePath, line: line, column: 1)
    let patient: (inout EtcdConfiguration) -> Void = {
      configure(&$0)
      // A call that is tried again and again would end with another error.
      $0.requestTimeout = .seconds(20)
    }
    try await withEtcdBackend([etcd.secureURL], patient) { backend in
      for isWrite in [true, false] {
        let error = await failure {
          if isWrite { _ = try await backend.put(put) } else { _ = try await backend.range(RangeRequest(.all)) }
        }
        #expect(error?.code == .tlsFailed, sourceLocation: place)
        #expect(error?.outcome == (isWrite ? .refused : nil), sourceLocation: place)
        for part in [cause, remedy, etcd.secureURL] {
          #expect(error?.message.contains(part) == true, "\(part): \(String(describing: error))", sourceLocation: place)
        }
      }
      let ended = await failure { for try await _ in backend.watch(WatchRequest(.all)) {} }
      #expect(ended?.code == .tlsFailed, "\(String(describing: ended))", sourceLocation: place)
    }
    try await withEtcdBackend([etcd.secureURL, etcd.clientURL], patient) { backend in
      _ = try await backend.put(put)
      var updates = backend.watch(WatchRequest(.all)).makeAsyncIterator()
      var isStarted = false
      while !isStarted, let update = try await updates.next() {
        if case .started = update { isStarted = true }
      }
      #expect(isStarted, "the watch moves on to the endpoint that serves", sourceLocation: place)
    }
  }

  @Test(arguments: EtcdVersion.allCases) func oneSideSpeaksNoTLS(_ version: EtcdVersion) async throws {
    try await withAuthority { authority, _ in
      let security = EtcdSecurity(try await authority.issue("server"))
      try await withEtcd(version, security: security) { etcd in
        let plain = "https://localhost:\(etcd.clientPort)"
        let secure = "http://localhost:\(etcd.securePort ?? 0)"
        for (url, remedy) in [(plain, "http://"), (secure, "https://")] {
          try await withEtcdBackend([url]) {
            if url == plain { $0.tls.trustRoots = .file(authority.certificate) }
            $0.requestTimeout = .seconds(1)
          } _: { backend in
            let error = try await connectFailure(of: url) { try await backend.put(put) }
            #expect(error?.outcome == .refused)
            for part in ["TLS", remedy, url] {
              #expect(error?.message.contains(part) == true, "\(part): \(String(describing: error))")
            }
          }
        }
      }
    }
  }

  @Test(arguments: EtcdVersion.allCases) func rotation(_ version: EtcdVersion) async throws {
    try await withAuthority { authority, directory in
      let next = try await CertificateAuthority("next", in: directory)
      let server = try await authority.issue("server").copy(to: directory + "/served")
      let client = try await authority.issue("client").copy(to: directory + "/shown")
      let trusted = try authority.issuedByItself.copy(to: directory + "/trusted")
      let security = EtcdSecurity(server, clientAuthority: trusted.certificate)
      let log = LogCapture()
      try await withEtcd(version, security: security) { etcd in
        try await withEtcdBackend([etcd.secureURL]) {
          $0.tls.trustRoots = .file(trusted.certificate)
          $0.tls.identity = .files(certificate: client.certificate, key: client.key)
          $0.logger = log.logger
        } _: { backend in
          _ = try await backend.put(put)
          // Half of a rotation: certificate and key do not belong together. What was good stays in use.
          try await next.issue("half").replace(.init(certificate: client.certificate, key: directory + "/unused"))
          try await etcd.restart()
          try await eventually("the old certificate still serves") {
            _ = try await backend.put(put)
            return true
          }
          #expect(log.text.contains("stay in use"), "\(log.text)")
          // The whole of it: another authority for everybody. The server reads its authorities when it starts.
          try await next.issue("client").replace(client)
          try await next.issue("server").replace(server)
          try next.issuedByItself.replace(trusted)
          try await etcd.restart()
          try await eventually("the new certificates serve") {
            _ = try await backend.put(put)
            return true
          }
          #expect(log.text.contains("have changed"), "\(log.text)")
        }
      }
    }
  }

  @Test func filesThatMakeNoSense() async throws {
    try await withAuthority { authority, directory in
      let client = try await authority.issue("client")
      let other = try await authority.issue("other")
      let rows: [(EtcdTLS.TrustRoots, EtcdTLS.Identity?, [String])] = [
        (.file(directory + "/none.pem"), nil, ["none.pem", "no such file"]),
        (.file(client.key), nil, ["client.key", "holds no certificate"]),
        (.pem([1, 2, 3]), nil, ["tls.trustRoots", "PEM"]),
        (.system, .files(certificate: directory + "/gone.pem", key: client.key), ["gone.pem", "no such file"]),
        (.system, .files(certificate: client.certificate, key: client.certificate), ["no private key", "client.pem"]),
        (.system, .files(certificate: client.certificate, key: other.key), ["other.key", "is not the key of"]),
      ]
      for (roots, identity, parts) in rows {
        var configuration = EtcdConfiguration(endpoints: ["https://localhost:1"])
        configuration.tls.trustRoots = roots
        configuration.tls.identity = identity
        let error = #expect(throws: HoldfastError.self) { try EtcdBackend(configuration) }
        #expect(error?.code == .invalidArgument)
        for part in parts { #expect(error?.message.contains(part) == true, "\(part): \(String(describing: error))") }
      }
    }
  }
}
