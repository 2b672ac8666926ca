import Holdfast
import HoldfastCore
import HoldfastEtcd
import TestSupport
import Testing

/// Group 10: authentication under load. Clients with credentials go through it; those without say why they do not.
extension Faults {
  @Suite(.serialized) struct Group10 {
    private static let arguments = ["--bcrypt-cost", "4"]
    private static let password = "pa55word"

    private static let clients = FaultRun.ClientSettings { user(&$0) }

    private static func user(_ configuration: inout EtcdConfiguration) {
      configuration.user = "worker"
      configuration.password = password
    }

    @Test(arguments: Matrix.kinds(ServerKind.singles, turn: 3)) func withoutCredentials(kind: ServerKind) async throws {
      try await FaultRun(name: "10 authentication on, off: no credentials", kind: kind, arguments: Self.arguments) {
        stage in
        try await enable(stage)
        let codes: [HoldfastError.Code] = [.unauthenticated, .permissionDenied]
        try await eventually(within: .seconds(20), "writes are refused: \(stage.recorder.failures)") {
          codes.contains { stage.recorder.failures[$0.name, default: 0] > 5 }
        }
        // An open watch is not checked again; a new one is.
        for proxy in stage.proxies.joined() { await proxy.cut() }
        try await healthNames(codes, stage)
        for cache in stage.caches {
          await #expect(throws: HoldfastError.self) { try await cache.waitUntilLive(timeout: .seconds(1)) }
        }
        try await stage.server.etcdctl("auth", "disable")
        try await stage.allCachesAreLive()
      }
    }

    /// With credentials nobody notices more than a call that takes a little longer.
    @Test(arguments: Matrix.kinds(turn: 0)) func switchedOnAndOff(kind: ServerKind) async throws {
      try await FaultRun(
        name: "10 authentication on, off", kind: kind, arguments: Self.arguments, clients: Self.clients
      ) { stage in
        for _ in 0..<2 {
          try await enable(stage)
          try await stage.acknowledgements(30)
          for proxy in stage.proxies.joined() { await proxy.cut() }
          try await stage.acknowledgements(30)
          try await stage.allCachesAreLive()
          try await stage.server.etcdctl("auth", "disable")
          try await stage.acknowledgements(30)
        }
        #expect(stage.recorder.failures["unauthenticated", default: 0] == 0, "\(stage.recorder.failures)")
      }
    }

    /// Tokens expire all the time, and with a restart all of them are gone.
    @Test(arguments: Matrix.kinds(turn: 1)) func tokensVanish(kind: ServerKind) async throws {
      try await FaultRun(
        name: "10 tokens of 3 s, restarts", kind: kind, arguments: Self.arguments + ["--auth-token-ttl", "3"],
        clients: Self.clients
      ) { stage in
        try await enable(stage)
        try await stage.acknowledgements(30)
        for proxy in stage.proxies.joined() { try await proxy.refuse() }
        for proxy in stage.proxies.joined() { await proxy.cut() }
        try await stage.lasts(.seconds(4))
        for proxy in stage.proxies.joined() { try await proxy.accept() }
        try await stage.acknowledgements(30)
        for member in stage.cluster.members { try await member.restart() }
        try await stage.acknowledgements(30)
        try await stage.allCachesAreLive()
        #expect(stage.recorder.failures["permissionDenied", default: 0] == 0, "\(stage.recorder.failures)")
      }
    }

    /// The role goes and comes back; then the password.
    @Test(arguments: Matrix.kinds(turn: 2)) func revoked(kind: ServerKind) async throws {
      try await FaultRun(
        name: "10 role revoked, password changed", kind: kind, arguments: Self.arguments, noticesWithin: nil,
        clients: Self.clients
      ) { stage in
        try await enable(stage)
        try await stage.acknowledgements(30)
        try await stage.server.etcdctl("user", "revoke-role", "worker", "things")
        // Its watches are not cut: they go on, and health must not go by them.
        try await healthNames([.permissionDenied], stage)
        try await stage.server.etcdctl("user", "grant-role", "worker", "things")
        try await stage.allCachesAreLive()
        try await stage.acknowledgements(30)
        try await change("an0ther", stage)
        try await healthNames([.unauthenticated], stage)
        try await change(Self.password, stage)
        try await stage.allCachesAreLive()
        try await stage.acknowledgements(30)
      }
    }

    /// The administrator and a user for the load; the witness becomes the administrator.
    private func enable(_ stage: Stage) async throws {
      let server = stage.server
      if try await !server.etcdctl("user", "list").contains("root") {
        try await server.etcdctl("user", "add", "root:root-pa55word")
        try await server.etcdctl("user", "grant-role", "root", "root")
        try await server.etcdctl("role", "add", "things")
        try await server.etcdctl("role", "grant-permission", "things", "--prefix=true", "readwrite", "/f/things/")
        try await server.etcdctl("user", "add", "worker:" + Self.password)
        try await server.etcdctl("user", "grant-role", "worker", "things")
      }
      for member in stage.cluster.members { member.administrator = EtcdAdministrator(password: "root-pa55word") }
      try await withoutUser(server) { try await server.etcdctl("auth", "enable") }
    }

    /// While it is off, etcdctl must not name a user.
    private func withoutUser(_ server: EtcdServer, _ body: () async throws -> Void) async throws {
      let administrator = server.administrator
      server.administrator = nil
      defer { server.administrator = administrator }
      try await body()
    }

    private func change(_ password: String, _ stage: Stage) async throws {
      var configuration = EtcdConfiguration(endpoints: stage.cluster.endpoints)
      configuration.user = "root"
      configuration.password = "root-pa55word"
      let root = try EtcdBackend(configuration)
      try await withStore(.backend(root), logger: .quiet) { _ in
        _ = try await root.auth.changePassword(ofUser: "worker", to: password)
      }
    }

    private func healthNames(_ codes: [HoldfastError.Code], _ stage: Stage) async throws {
      try await eventually(within: .seconds(30), "health says why: \(stage.caches.map(\.health))") {
        stage.caches.allSatisfy { cache in
          let health = cache.health
          return !health.isLive && codes.contains { $0 == health.cause?.code }
        }
      }
    }
  }
}
