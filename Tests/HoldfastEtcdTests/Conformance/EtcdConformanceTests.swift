import Holdfast
import HoldfastEtcd
import HoldfastTesting
import TestSupport
import Testing

/// The suites that the embedded engine passes, over real servers.
@Suite struct EtcdConformanceTests {
  @Test(arguments: EtcdVersion.allCases)
  func backend(version: EtcdVersion) async throws {
    try await withEtcd(version) { try await run(BackendConformance.cases, on: [$0.clientURL]) }
  }

  @Test(arguments: EtcdVersion.allCases)
  func store(version: EtcdVersion) async throws {
    try await withEtcd(version) { try await run(StoreConformance.cases, on: [$0.clientURL]) }
  }

  /// Nothing changes for a client of a cluster that has lost a member, which it still counts among its endpoints.
  @Test(arguments: EtcdVersion.allCases)
  func backendWithoutOneOfThree(version: EtcdVersion) async throws {
    try await withoutLeader(version) { try await run(BackendConformance.cases, on: $0) }
  }

  @Test(arguments: EtcdVersion.allCases)
  func storeWithoutOneOfThree(version: EtcdVersion) async throws {
    try await withoutLeader(version) { try await run(StoreConformance.cases, on: $0) }
  }

  /// A cluster of three whose leader was killed; its endpoint is the first.
  private func withoutLeader(_ version: EtcdVersion, _ body: ([String]) async throws -> Void) async throws {
    try await withEtcdCluster(version) { cluster in
      let dead = try await cluster.leader()
      try await dead.kill()
      _ = try await cluster.leader()
      try await body([dead.clientURL] + cluster.endpoints.filter { $0 != dead.clientURL })
    }
  }

  private func run(_ cases: [ConformanceCase], on endpoints: [String]) async throws {
    #expect(!cases.isEmpty)
    try await withStore(.etcd(endpoints: endpoints)) { store in
      for one in cases {
        do {
          try await one.run(on: store.backend)
        } catch {
          Issue.record("\(one): \(error)")
        }
      }
    }
  }
}
