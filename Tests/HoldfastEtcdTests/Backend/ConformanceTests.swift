import HoldfastCore
import HoldfastEtcd
import HoldfastTesting
import Testing
import TestSupport

/// The rules that every backend keeps, on real servers.
@Suite(.serialized) struct EtcdConformanceTests {
  @Test(arguments: EtcdVersion.allCases) func conforms(_ version: EtcdVersion) async throws {
    try await withEtcd(version) { server in
      let etcd = try EtcdBackend(EtcdConfiguration(endpoints: [server.clientURL]))
      // One server for all cases: each keeps to a prefix of its own.
      for rule in BackendConformance.cases {
        do {
          try await rule.run(on: etcd)
        } catch {
          Issue.record("\(rule): \(error)")
        }
      }
    }
  }
}
