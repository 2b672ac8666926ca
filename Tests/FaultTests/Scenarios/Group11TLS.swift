import Holdfast
import HoldfastCore
import HoldfastEtcd
import TestSupport
import Testing

/// Group 11: TLS under load. What a certificate's end does to connections, and what a new one heals.
extension Faults {
  @Suite(.serialized) struct Group11 {
    /// Leaves are rotated on both sides, then the authority, while everything goes on.
    @Test(arguments: Matrix.kinds(ServerKind.singles, turn: 1)) func rotation(kind: ServerKind) async throws {
      try await withFiles { authority, files, directory in
        let next = try await CertificateAuthority("next", in: directory)
        try await run("11 leaf and authority rotated", kind, files) { stage in
          try await authority.issue("server2", for: names).replace(files.server)
          try await authority.issue("client2").replace(files.client)
          for proxy in stage.proxies.joined() { await proxy.cut() }
          try await stage.acknowledgements(40)
          try await stage.allCachesAreLive()
          try await next.issue("client3").replace(files.client)
          try await next.issue("server3", for: names).replace(files.server)
          try next.issuedByItself.replace(files.trusted)
          // etcd reads its authorities when it starts.
          try await stage.server.restart()
          try await stage.acknowledgements(40)
          try await stage.allCachesAreLive()
        }
      }
    }

    /// The server shows a certificate that nobody can accept; nothing more is written, health names the cause, and a good
    /// certificate heals it without a restart.
    @Test(arguments: Matrix.kinds(ServerKind.singles, turn: 2)) func badCertificates(kind: ServerKind) async throws {
      try await withFiles { authority, files, directory in
        let stranger = try await CertificateAuthority("stranger", in: directory)
        let good = try await authority.issue("good", for: names)
        let bad = [
          ("expired", try await authority.issue("expired", for: names, isExpired: true)),
          ("not made for", try await authority.issue("elsewhere", for: ["DNS:elsewhere.example"])),
          ("not trusted", try await stranger.issue("stranger", for: names)),
        ]
        try await run("11 expired, wrong name, unknown authority", kind, files) { stage in
          for (cause, certificate) in bad {
            try certificate.replace(files.server)
            for proxy in stage.proxies.joined() { await proxy.cut() }
            try await eventually(within: .seconds(30), "health says \(cause): \(stage.caches.map(\.health))") {
              stage.caches.allSatisfy { cache in
                let health = cache.health
                return !health.isLive && health.cause?.code == .tlsFailed
                  && health.cause?.message.contains(cause) ?? false
              }
            }
            try good.replace(files.server)
            try await stage.acknowledgements(20)
            try await stage.allCachesAreLive()
          }
          #expect(stage.recorder.failures["tlsFailed", default: 0] > 0, "\(stage.recorder.failures)")
        }
      }
    }

    @Test(arguments: Matrix.kinds(ServerKind.singles, turn: 2)) func onlyOneSideSpeaksTLS(kind: ServerKind) async throws
    {
      try await withFiles { _, files, _ in
        let security = EtcdSecurity(files.server, clientAuthority: files.trusted.certificate)
        try await withEtcd(kind.version, arguments: kind.arguments, security: security) { etcd in
          try await says("https://", from: "http://localhost:\(etcd.securePort ?? 0)") { _ in }
          try await says("http://", from: "https://localhost:\(etcd.clientPort)") { files.secure(&$0) }
        }
      }
    }

    private func says(
      _ remedy: String, from url: String, _ configure: @escaping (inout EtcdConfiguration) -> Void
    ) async throws {
      try await withStore(.hasty([url], configure), logger: .quiet) { store in
        do {
          try await store.execute(things.put(Thing(id: "a", token: 1)))
          Issue.record("written to a peer that is not understood")
        } catch let error as HoldfastError {
          #expect(error.outcome == .refused, "nothing was sent: \(error)")
          #expect(error.message.contains("TLS") && error.message.contains(remedy), "\(error)")
        }
        let cache = Cache(of: things, in: store, configuration: .hasty)
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { try await cache.run() }
          try await eventually("health says why") { cache.health.cause != nil }
          #expect(!cache.health.isLive)
          group.cancelAll()
        }
      }
    }

    private var names: [String] { ["DNS:localhost"] }

    /// What both sides read, again for each connection.
    private struct Files: Sendable {
      var trusted: CertificateAuthority.Issued
      var server: CertificateAuthority.Issued
      var client: CertificateAuthority.Issued

      func secure(_ configuration: inout EtcdConfiguration) {
        configuration.tls.trustRoots = .file(trusted.certificate)
        configuration.tls.identity = .files(certificate: client.certificate, key: client.key)
        configuration.tls.serverName = "localhost"
      }
    }

    private func withFiles(
      _ body: (_ authority: CertificateAuthority, _ files: Files, _ directory: String) async throws -> Void
    ) async throws {
      try await withScratchDirectory { directory in
        let authority = try await CertificateAuthority("authority", in: directory)
        let files = Files(
          trusted: try authority.issuedByItself.copy(to: directory + "/trusted"),
          server: try await authority.issue("server", for: names).copy(to: directory + "/served"),
          client: try await authority.issue("client").copy(to: directory + "/shown"))
        try await body(authority, files, directory)
      }
    }

    private func run(
      _ name: String, _ kind: ServerKind, _ files: Files, _ fault: (Stage) async throws -> Void
    ) async throws {
      let security = EtcdSecurity(files.server, clientAuthority: files.trusted.certificate)
      try await FaultRun(name: name, kind: kind, security: security, clients: .init { files.secure(&$0) })(fault)
    }
  }
}
