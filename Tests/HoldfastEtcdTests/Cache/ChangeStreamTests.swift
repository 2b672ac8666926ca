import Holdfast
import HoldfastEtcd
import TestSupport
import Testing

/// Change streams of a cache on real servers.
@Suite struct ChangeStreamTests {
  @Test(arguments: EtcdVersion.allCases)
  func compactionWhileCutOffIsOneMarkedDifference(version: EtcdVersion) async throws {
    try await withProxiedItems(version) { cache, proxy, direct, _ in
      var told = Revision.zero
      for id in ["changed", "deleted", "recreated", "same"] {
        told = try await cache.put(Item(id: id, n: 1)).modRevision
      }
      try await cache.wait(for: told, timeout: .seconds(60))
      var updates = cache.changes().makeAsyncIterator()
      let initial = try await updates.next()
      #expect(initial?.kind == .initial && initial?.changes.count == 4)
      try await direct.transaction(items.put(Item(id: "same", n: 2)), items.put(Item(id: "same2", n: 2)))
      let change = try await updates.next()
      #expect(change?.changes.map(\.key) == ["same", "same2"])
      #expect(change?.changes.map { $0.previous?.value.n } == [1, nil])
      let known = try #require(change?.revision)

      try await proxy.refuse()
      await proxy.cut()
      try await direct.execute(items.delete("deleted"))
      try await direct.execute(items.delete("recreated"))
      try await direct.execute(items.create(Item(id: "recreated", n: 2)))
      try await direct.execute(items.create(Item(id: "short", n: 2)))
      try await direct.execute(items.delete("short"))
      try await direct.execute(items.put(Item(id: "changed", n: 2)))
      let last = try await direct.execute(items.create(Item(id: "new", n: 2))).modRevision
      _ = try await direct.backend.compact(CompactRequest(last, physical: true))
      try await proxy.accept()

      let update = try #require(try await updates.next())
      #expect(update.kind == .resync && !update.beginsEpoch)
      #expect(update.revision >= last)
      #expect(
        update.changes.map { "\($0.kind) \($0.key)" }
          == ["modified changed", "deleted deleted", "created new", "replaced recreated"])
      #expect(update.changes.map { $0.previous?.value.n } == [1, 1, nil, 1])
      #expect(update.changes.map { $0.stored?.value.n } == [2, nil, 2, 2])
      #expect(update.changes.allSatisfy { known < $0.revision && $0.revision <= update.revision })

      // The gap stays one, and everything before and after it can be read and resumed after.
      do {
        _ = try await cache.snapshot(.at(last.previous))
        Issue.record("a revision that the cache never had was answered")
      } catch let error as HoldfastError {
        #expect(error.code == .compacted && error.compactRevision == update.revision)
      }
      #expect(try cache.snapshot(at: known).list().map(\.value.n) == [1, 1, 1, 2, 2])
      let next = try await direct.execute(items.put(Item(id: "next", n: 3))).modRevision
      #expect(try await updates.next()?.changes.map(\.key) == ["next"])
      var resumed = cache.changes(after: known).makeAsyncIterator()
      let missed = try await resumed.next()
      #expect(missed?.kind == .resync && missed?.revision == next)
      #expect(missed?.changes.map(\.key) == ["changed", "deleted", "new", "next", "recreated"])
    }
  }
}
