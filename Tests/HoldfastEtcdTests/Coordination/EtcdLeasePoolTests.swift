import Holdfast
import HoldfastEtcd
import TestSupport
import Testing

/// Leases that several writes share, on real servers.
@Suite struct EtcdLeasePoolTests {
  @Test(arguments: EtcdVersion.allCases) func manyWritesShareALease(version: EtcdVersion) async throws {
    try await withTwoStores(version) { store, _, etcd in
      let pool = LeasePool(store, slack: .seconds(60), keysPerLease: 50)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<120 {
          group.addTask {
            let lease = try await pool.lease(ttl: .seconds(100))
            try await store.execute(items.put(Item(id: "\(index)", n: index)).lease(lease))
          }
        }
        try await group.waitForAll()
      }
      let leases = try await etcd.leases()
      #expect(leases.count == 3)
      let keys = Dictionary(grouping: try await etcd.list(prefix: "/t/items/"), by: \.lease).mapValues(\.count)
      #expect(keys.values.sorted() == [20, 50, 50])
      #expect(Set(keys.keys) == Set(leases))
      for lease in leases {
        let left = try await store.backend.timeToLive(of: LeaseID(lease), keys: false)
        #expect(left.granted == .seconds(160))
      }
    }
  }
}
