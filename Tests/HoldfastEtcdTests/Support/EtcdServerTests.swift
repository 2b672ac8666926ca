import Testing

import TestSupport

@Suite("The real-etcd fixture")
struct EtcdServerTests {
  @Test("starts the version asked for and answers", arguments: EtcdVersion.allCases)
  func answers(version: EtcdVersion) async throws {
    try await withEtcd(version) { etcd in
      #expect(try await etcd.status().version == version.number)
      let first = try await etcd.put(key: "/a/1", value: "one")
      let second = try await etcd.put(key: "/a/2", bytes: [0, 255, 10])
      try await etcd.put(key: "/b", value: "")
      #expect(second == first + 1)
      #expect(try await etcd.revision == second + 1)
      #expect(try await etcd.get(key: "/a/1")?.text == "one")
      #expect(try await etcd.get(key: "/b")?.value == [])
      #expect(try await etcd.get(key: "/none") == nil)
      let listed = try await etcd.list(prefix: "/a/")
      #expect(listed.map(\.key) == ["/a/1", "/a/2"])
      #expect(listed.map(\.modRevision) == [first, second])
      #expect(listed.last?.value == [0, 255, 10])
      #expect(try await etcd.deletePrefix("/a/") == 2)
      #expect(try await etcd.list(prefix: "").map(\.key) == ["/b"])
      try await etcd.compact(revision: second)
      await #expect(throws: EtcdFixtureError.self) { try await etcd.compact(revision: first) }
    }
  }

  @Test("lists the leases that are alive", arguments: EtcdVersion.allCases)
  func leases(version: EtcdVersion) async throws {
    try await withEtcd(version) { etcd in
      let lease = try await etcd.grantLease(ttl: 60)
      try await etcd.put(key: "/leased", value: "v", lease: lease)
      #expect(try await etcd.leases() == [lease])
      #expect(try await etcd.get(key: "/leased")?.lease == lease)
      try await etcd.revokeLease(lease)
      #expect(try await etcd.leases() == [])
      #expect(try await etcd.get(key: "/leased") == nil)
    }
  }

  @Test("keeps data and ports over a crash and a restart", arguments: EtcdVersion.allCases)
  func restarts(version: EtcdVersion) async throws {
    try await withEtcd(version) { etcd in
      try await etcd.put(key: "/kept", value: "yes")
      let url = etcd.clientURL
      let pid = try #require(etcd.pid)
      try await etcd.kill()
      #expect(etcd.pid == nil)
      await #expect(throws: (any Error).self) { try await etcd.get(key: "/kept") }
      try await etcd.restart()
      #expect(etcd.pid != pid)
      #expect(etcd.clientURL == url)
      #expect(try await etcd.get(key: "/kept")?.text == "yes")
      try await etcd.restart()
      #expect(try await etcd.get(key: "/kept")?.text == "yes")
    }
  }

  @Test("a suspended server does not answer until it is resumed")
  func suspends() async throws {
    try await withEtcd(.v3_4_23) { etcd in
      try etcd.suspend()
      await #expect(throws: (any Error).self) { try await etcd.isHealthy() }
      try etcd.resume()
      try await etcd.waitUntilHealthy()
      try etcd.suspend()
      try await etcd.restart()
      #expect(try await etcd.isHealthy())
    }
  }

  @Test("says what etcd said when it does not start")
  func failsClearly() async throws {
    let error = await #expect(throws: EtcdFixtureError.self) {
      try await withEtcd(.v3_5_1, arguments: ["--no-such-option"]) { _ in }
    }
    #expect(error?.description.contains("no-such-option") == true)
  }

  @Test("names what fetches a missing version")
  func namesTheRemedy() {
    let error = #expect(throws: EtcdFixtureError.self) { try EtcdVersion.v3_5_1.program("no-such-program") }
    #expect(error?.description.contains("make test") == true)
  }

  @Test("leaves no process and no file behind, also when the body throws")
  func cleansUp() async throws {
    struct Stop: Error {}
    var left: EtcdServer?
    await #expect(throws: Stop.self) {
      try await withEtcd(.v3_4_23) { etcd in
        left = etcd
        throw Stop()
      }
    }
    let etcd = try #require(left)
    #expect(etcd.pid == nil)
    #expect(etcd.logTail() == "")
    await #expect(throws: (any Error).self) { try await etcd.isHealthy() }
  }
}
