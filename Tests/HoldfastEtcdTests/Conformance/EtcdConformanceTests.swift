import Holdfast
import HoldfastEtcd
import HoldfastTesting
import TestSupport
import Testing

/// The suites that the embedded engine passes, over real servers.
@Suite struct EtcdConformanceTests {
  @Test(arguments: EtcdVersion.allCases)
  func backend(version: EtcdVersion) async throws {
    try await run(BackendConformance.cases, on: version)
  }

  @Test(arguments: EtcdVersion.allCases)
  func store(version: EtcdVersion) async throws {
    try await run(StoreConformance.cases, on: version)
  }

  private func run(_ cases: [ConformanceCase], on version: EtcdVersion) async throws {
    #expect(!cases.isEmpty)
    try await withEtcd(version) { etcd in
      try await withStore(.etcd(endpoints: [etcd.clientURL])) { store in
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
}
