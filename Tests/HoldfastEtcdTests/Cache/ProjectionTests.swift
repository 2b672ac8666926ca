import Holdfast
import HoldfastEtcd
import TestSupport
import Testing

@Suite struct ProjectionTests {
  /// A cache of parts beside the writers of the whole values.
  @Test(arguments: EtcdVersion.allCases)
  func aCacheOfPartsFollowsAnEtcd(version: EtcdVersion) async throws {
    try await withEtcd(version) { etcd in
      try await withStore(.etcd(endpoints: [etcd.clientURL]), logger: .quiet) { store in
        try await withStore(.etcd(endpoints: [etcd.clientURL]), logger: .quiet) { elsewhere in
          for n in 0..<200 { try await elsewhere.execute(items.put(Item(id: "k\(n)", n: n))) }
          let numbers = items.map(\.n)
          try await store.withCache(of: numbers) { cache in
            let stored = try await store.execute(items.put(Item(id: "own", n: 7)))
            let own = try cache.get("own")
            #expect(own?.value == 7 && own?.modRevision == stored.modRevision, "at once")
            let last = try await elsewhere.execute(items.put(Item(id: "k0", n: 1_000))).modRevision
            try await cache.wait(for: last, timeout: .seconds(60))
            let held = try cache.list()
            let all = try await store.execute(items.list())
            #expect(held.map(\.value) == all.map(\.value.n) && held.map(\.modRevision) == all.map(\.modRevision))
            let verification = try await cache.verify()
            #expect(verification.isCorrect && verification.keys == 201)
            do {
              _ = try await store.execute(numbers.put(1))
              Issue.record("a part was written")
            } catch let error as HoldfastError {
              #expect(error.code == .encodingFailed && error.outcome == .refused)
            }
          }
        }
      }
    }
  }
}
