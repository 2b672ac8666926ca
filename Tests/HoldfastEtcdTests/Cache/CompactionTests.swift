import Holdfast
import HoldfastEtcd
import TestSupport
import Testing

@Suite struct CompactionTests {
  @Test(arguments: EtcdVersion.allCases)
  func compactionWhileTheWatchIsCutOff(version: EtcdVersion) async throws {
    try await withProxiedItems(version) { cache, proxy, direct, _ in
      for id in ["changed", "deleted", "recreated", "same"] { try await cache.put(Item(id: id, n: 1)) }
      try await proxy.refuse()
      await proxy.cut()
      try await direct.execute(items.delete("deleted"))
      try await direct.execute(items.delete("recreated"))
      try await direct.execute(items.create(Item(id: "recreated", n: 2)))
      try await direct.execute(items.put(Item(id: "changed", n: 2)))
      let last = try await direct.execute(items.create(Item(id: "new", n: 2))).modRevision
      _ = try await direct.backend.compact(CompactRequest(last, physical: true))
      let connections = proxy.acceptedConnections
      try await proxy.accept()
      try await eventually(within: .seconds(60), "the client connects again") {
        proxy.acceptedConnections > connections
      }
      let reconnected = ContinuousClock.now
      try await cache.wait(for: last, timeout: .seconds(60))
      let healed = ContinuousClock.now - reconnected
      // 2 s are promised; a loaded test machine may take longer, and timings never fail a test.
      if healed > .seconds(2) { print("note: healed \(healed) after reconnecting, on a busy machine") }
      try await expectEqual(cache, direct)
      #expect(try cache.list().map(\.key) == ["changed", "new", "recreated", "same"])
      #expect(try cache.get("recreated")?.version == 1)
      // And it follows on.
      let next = try await direct.execute(items.put(Item(id: "next", n: 1))).modRevision
      try await cache.wait(for: next, timeout: .seconds(60))
      try await expectEqual(cache, direct)
    }
  }

  @Test(arguments: EtcdVersion.allCases)
  func aWatchBelowTheCompactionPointSaysSo(version: EtcdVersion) async throws {
    try await withEtcd(version) { etcd in
      try await withStore(.etcd(endpoints: [etcd.clientURL]), logger: .quiet) { store in
        for n in 0..<5 { try await store.execute(items.put(Item(id: "a", n: n))) }
        let last = try await store.execute(items.put(Item(id: "a", n: 5))).modRevision
        _ = try await store.backend.compact(CompactRequest(last))
        do {
          for try await update in store.backend.watch(WatchRequest(items.range, from: 2)) {
            if case .batch = update { Issue.record("events from below the compaction point") }
          }
          Issue.record("the watch ended without an error")
        } catch let error as HoldfastError {
          #expect(error.code == .compacted)
          #expect(error.compactRevision == last)
        }
      }
    }
  }
}
