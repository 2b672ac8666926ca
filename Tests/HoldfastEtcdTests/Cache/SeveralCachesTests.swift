import Holdfast
import HoldfastEtcd
import TestSupport
import Testing

/// Several caches at one revision, behind a connection that is disturbed.
@Suite(.serialized) struct SeveralCachesTests {
  static let others = Keyspace<Item>(prefix: "/t/others/") { $0.id }

  @Test(arguments: EtcdVersion.allCases) func whatIsMovedIsSeenOnce(version: EtcdVersion) async throws {
    let others = Self.others
    try await withProxiedItems(version) { a, proxy, direct, _ in
      let store = a.store
      try await store.withCache(of: others, configuration: .patient) { b in
        try await direct.execute(items.put(Item(id: "k", n: 0)))
        var last = try await store.snapshot(.linearizable, of: a, b, timeout: .seconds(60)).0.revision
        for round in 0..<60 {
          // The keyspaces rest in between, and the store does not.
          if round == 40 { proxy.delay(.milliseconds(20)) }
          async let moved: Void = {
            guard round % 3 > 0 else { return }
            for n in 0..<8 {
              let item = Item(id: "k", n: n)
              if n.isMultiple(of: 2) {
                try await direct.transaction(items.delete("k"), others.put(item))
              } else {
                try await direct.transaction(others.delete("k"), items.put(item))
              }
            }
          }()
          async let besides: Void = {
            for _ in 0..<4 { _ = try await direct.backend.put(PutRequest(key: "/t/z", value: [1])) }
          }()
          let (here, there) = try await store.snapshot(of: a, b, timeout: .seconds(60))
          #expect(here.revision == there.revision && here.revision >= last)
          last = here.revision
          #expect(here.exists("k") != there.exists("k"), "at \(last)")
          _ = try await (moved, besides)
        }
      }
    }
  }

  @Test(arguments: EtcdVersion.allCases) func whoIsCutOffIsNamed(version: EtcdVersion) async throws {
    let others = Self.others
    try await withProxiedItems(version) { a, proxy, direct, _ in
      let store = a.store
      try await store.withCache(of: others, configuration: .patient) { b in
        try await direct.execute(items.put(Item(id: "k", n: 0)))
        let before = try await store.snapshot(.linearizable, of: a, b, timeout: .seconds(60)).0.revision
        proxy.pause()
        let (_, moved) = try await direct.transaction(items.delete("k"), others.put(Item(id: "k", n: 1)))
        let error = await #expect(throws: HoldfastError.self) {
          try await store.snapshot(.linearizable, of: a, b, timeout: .milliseconds(100))
        }
        #expect(error?.code == .timeout && error?.key == items.prefix)
        proxy.resume()
        let (here, there) = try await store.snapshot(.atLeast(moved.modRevision), of: a, b, timeout: .seconds(60))
        #expect(here.revision == there.revision && here.revision > before)
        #expect(!here.exists("k") && there.exists("k"))
      }
    }
  }
}
