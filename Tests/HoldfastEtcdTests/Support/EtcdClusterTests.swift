import Testing

import TestSupport

@Suite("The cluster fixture", .serialized)
struct EtcdClusterTests {
  @Test("names a leader and survives its death", arguments: EtcdVersion.allCases)
  func leader(version: EtcdVersion) async throws {
    try await withEtcdCluster(version) { cluster in
      #expect(Set(cluster.endpoints).count == 3)
      let first = try await cluster.leader()
      #expect(try await cluster.followers().count == 2)
      try await first.put(key: "/k", value: "v")
      try await first.kill()
      let second = try await cluster.leader()
      #expect(second !== first)
      #expect(try await second.get(key: "/k")?.text == "v")
      try await second.put(key: "/k", value: "w")
      try await first.restart()
      #expect(try await first.get(key: "/k")?.text == "w")
    }
  }
}
