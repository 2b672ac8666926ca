import Holdfast
import HoldfastCore
import HoldfastEtcd
import TestSupport
import Testing

/// Real servers with authentication switched on.
@Suite struct AuthenticationTests {
  private let put = PutRequest(key: "/t/key", value: Array("value".utf8))

  @Test(arguments: EtcdVersion.allCases) func administration(_ version: EtcdVersion) async throws {
    try await withEtcd(version, arguments: Users.arguments) { etcd in
      try await Users.enable(on: etcd)
      try await withEtcdBackend([etcd.clientURL], Users.root) { backend in
        let auth = backend.auth
        if version == .v3_5_1 {
          #expect(try await auth.status().isEnabled)
        } else {
          #expect(await failure { _ = try await auth.status() }?.code == .unimplemented)
        }
        #expect(try await auth.users() == ["app", "root"])
        #expect(try await auth.roles() == ["worker"])
        #expect(try await auth.roles(ofUser: "app") == ["worker"])
        #expect(try await auth.permissions(ofRole: "worker") == [EtcdPermission(.readWrite, Users.range)])
        let ranges: [KeyRange] = [.key("/one"), .from("/x"), .all]
        for range in ranges { try await auth.grant(EtcdPermission(.read, range), toRole: "worker") }
        #expect(Set(try await auth.permissions(ofRole: "worker").map(\.range)) == Set(ranges + [Users.range]))
        for range in ranges { try await auth.revokePermission(on: range, fromRole: "worker") }
        #expect(try await auth.permissions(ofRole: "worker").map(\.range) == [Users.range])
        #expect(await failure { try await auth.addUser("app", password: "again") }?.outcome == .refused)
        try await auth.addUser("certificate", password: nil)
        try await auth.deleteUser("certificate")
        try await auth.revokeRole("worker", fromUser: "app")
        #expect(try await auth.roles(ofUser: "app").isEmpty)
        try await auth.deleteRole("worker")
        #expect(try await auth.roles().isEmpty)
        try await auth.disable()
        // The token means nothing any more, and nobody minds.
        _ = try await backend.put(put)
      }
    }
  }

  @Test(arguments: EtcdVersion.allCases) func tokensThatExpire(_ version: EtcdVersion) async throws {
    try await withEtcd(version, arguments: Users.arguments + ["--auth-token-ttl", "1"]) { etcd in
      try await Users.enable(on: etcd)
      try await withEtcdBackend([etcd.clientURL], Users.app) { backend in
        for _ in 0..<3 {
          _ = try await backend.put(put)
          // Expiry is the server's clock: there is nothing else to wait for.
          try await Task.sleep(for: .seconds(2.5))
          // A watch is refused with PermissionDenied then; it must not be taken for the last word.
          try await started(backend)
          try await Task.sleep(for: .seconds(2.5))
        }
      }
    }
  }

  @Test(arguments: EtcdVersion.allCases) func tokensThatAreLost(_ version: EtcdVersion) async throws {
    try await withEtcd(version, arguments: Users.arguments) { etcd in
      try await Users.enable(on: etcd)
      try await withEtcdBackend([etcd.clientURL], Users.app) { backend in
        for _ in 0..<2 {
          let first = try await backend.put(put).header.revision
          try await started(backend)
          try await etcd.restart()
          try await eventually("the token of before is replaced") {
            _ = try await backend.range(RangeRequest(.key("/t/key")))
            return true
          }
          let second = try await backend.put(put).header.revision
          #expect(second == first.next, "written once, with a new token")
          try await started(backend)
        }
      }
    }
  }

  @Test(arguments: EtcdVersion.allCases) func switchedOnAndOff(_ version: EtcdVersion) async throws {
    try await withEtcd(version, arguments: Users.arguments) { etcd in
      try await withEtcdBackend([etcd.clientURL], Users.app) { backend in
        // Not switched on: no token is needed, and the user need not exist.
        _ = try await backend.put(put)
        try await Users.enable(on: etcd)
        _ = try await backend.put(put)
        try await started(backend)
        #expect(await failure { _ = try await backend.range(RangeRequest(.all)) }?.code == .permissionDenied)
        try await withEtcdBackend([etcd.clientURL], Users.root) { root in _ = try await root.auth.disable() }
        _ = try await backend.range(RangeRequest(.all))
        try await started(backend)
      }
    }
  }

  @Test(arguments: EtcdVersion.allCases) func nobodyAndTheWrongOne(_ version: EtcdVersion) async throws {
    try await withEtcd(version, arguments: Users.arguments) { etcd in
      try await Users.enable(on: etcd)
      try await withEtcdBackend([etcd.clientURL]) { backend in
        let error = await failure { _ = try await backend.put(put) }
        #expect(error?.code == .unauthenticated && error?.outcome == .refused)
        #expect(error?.message.contains("set `user` and `password`") == true)
      }
      try await withEtcdBackend([etcd.clientURL]) {
        $0.user = "app"
        $0.password = "wr0ng-password"
        $0.requestTimeout = .seconds(20)
      } _: { backend in
        for _ in 0..<3 {
          let error = await failure { _ = try await backend.put(put) }
          #expect(error?.code == .unauthenticated && error?.outcome == .refused)
          #expect(error?.message.contains("user \"app\"") == true, "\(String(describing: error))")
          #expect(error?.description.contains("wr0ng") == false)
        }
        #expect(await failure { try await started(backend) }?.code == .unauthenticated)
      }
    }
  }

  @Test(arguments: EtcdVersion.allCases) func changedPassword(_ version: EtcdVersion) async throws {
    try await withEtcd(version, arguments: Users.arguments) { etcd in
      try await Users.enable(on: etcd)
      try await withEtcdBackend([etcd.clientURL], Users.root) { root in
        try await withEtcdBackend([etcd.clientURL], Users.app) { backend in
          _ = try await backend.put(put)
          try await root.auth.changePassword(ofUser: "app", to: "an0ther-password")
          #expect(await failure { _ = try await backend.put(put) }?.code == .unauthenticated)
          try await root.auth.changePassword(ofUser: "app", to: Users.appPassword)
          try await eventually("the old password is good again") {
            _ = try await backend.put(put)
            return true
          }
        }
      }
    }
  }

  /// The role goes while a cache follows. etcd goes on delivering to its watch; the cache says that it is not sure any more.
  @Test(arguments: EtcdVersion.allCases) func revokedUnderACache(_ version: EtcdVersion) async throws {
    try await withEtcd(version, arguments: Users.arguments) { etcd in
      try await Users.enable(on: etcd)
      try await withStore(.etcd(endpoints: [etcd.clientURL], Users.app), logger: .quiet) { store in
        var configuration = CacheConfiguration.patient
        configuration.probeInterval = .milliseconds(100)
        try await store.withCache(of: items, configuration: configuration) { cache in
          try await cache.put(Item(id: "a", n: 1))
          // A cache is there when it has loaded. Its watch is created after that, and must be before the role is gone.
          try await cache.waitUntilLive(timeout: .seconds(60))
          try await withEtcdBackend([etcd.clientURL], Users.root) { root in
            try await root.auth.revokeRole("worker", fromUser: "app")
            try await eventually("health says why: \(cache.health)") {
              cache.health.state == .stale && cache.health.cause?.code == .permissionDenied
            }
            #expect(try cache.get("a")?.value.n == 1, "what was known can be read")
            try await etcd.put(key: "/t/items/b", value: #"{"id":"b","n":2}"#)
            try await eventually("only where a watch begins does etcd ask for the role") {
              try cache.get("b")?.value.n == 2
            }
            #expect(await failure { _ = try await cache.snapshot(.linearizable) }?.code == .permissionDenied)
            #expect(cache.health.cause?.code == .permissionDenied, "an event changes nothing about that")
            try await root.auth.grantRole("worker", toUser: "app")
            try await eventually("live again: \(cache.health)") { cache.health.isLive }
          }
        }
      }
    }
  }

  /// As a member that is restarted makes everybody come back with tokens that it has forgotten.
  @Test(arguments: EtcdVersion.allCases) func aCacheOutlivesItsToken(_ version: EtcdVersion) async throws {
    try await withEtcd(version, arguments: Users.arguments + ["--auth-token-ttl", "1"]) { etcd in
      try await Users.enable(on: etcd)
      try await withStore(.etcd(endpoints: [etcd.clientURL], Users.app), logger: .quiet) { store in
        try await store.withCache(of: items, configuration: .patient) { cache in
          try await cache.put(Item(id: "a", n: 1))
          try await etcd.restart()
          try await eventually("the cache is live again: \(cache.health)") {
            try await cache.put(Item(id: "a", n: 2))
            return cache.health.isLive
          }
        }
      }
    }
  }

  private func started(_ backend: EtcdBackend) async throws {
    for try await update in backend.watch(WatchRequest(.prefix("/t/"))) {
      if case .started = update { return }
    }
  }
}
