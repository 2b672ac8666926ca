import Holdfast
import HoldfastEmbedded
import Testing

extension KeyspaceUpdate<Item> {
  /// `changes +a=1 ~b=1>2 *c=1>2 -d=1 !bad`
  var text: String {
    let parts = changes.map { change -> String in
      if change.error != nil { return "!\(change.key)" }
      let (old, new) = (change.previous.map { "\($0.value.n)" } ?? "", change.stored.map { "\($0.value.n)" } ?? "")
      return switch change.kind {
      case .existing: "=\(change.key)=\(new)"
      case .created: "+\(change.key)=\(new)"
      case .modified: "~\(change.key)=\(old)>\(new)"
      case .replaced: "*\(change.key)=\(old)>\(new)"
      case .deleted: "-\(change.key)=\(old)"
      }
    }
    return (["\(kind)"] + parts).joined(separator: " ")
  }
}

/// What a consumer has made of its updates.
struct Replay {
  var values: [Key: Int] = [:]
  var revision = Revision.zero

  mutating func apply(_ update: KeyspaceUpdate<Item>) {
    if update.kind == .initial { values = [:] }
    for change in update.changes {
      if update.kind != .initial {
        #expect(change.previous?.value.n == values[change.key], "the old value of \(change.key)")
      }
      values[change.key] = change.stored?.value.n
    }
    #expect(update.revision >= revision)
    revision = update.revision
  }
}

@Suite struct CacheChangesTests {
  @Test func firstWhatIsThereThenEveryChangeOnceWithItsOldValue() async throws {
    try await withItems { cache, store, backend in
      try await store.transaction(items.put(Item(id: "a", n: 1)), items.put(Item(id: "b", n: 1)))
      let start = try await backend.foreignPut("/t/items/bad", "{")
      try await cache.wait(for: start, timeout: .seconds(60))
      var updates = cache.changes().makeAsyncIterator()
      let initial = try await updates.next()
      #expect(initial?.text == "initial =a=1 =b=1 !bad")
      #expect(initial?.revision == start)

      // One transaction is one update.
      let written = try await store.transaction(
        items.put(Item(id: "a", n: 2)), items.put(Item(id: "c", n: 1)), items.delete("b"))
      let update = try await updates.next()
      #expect(update?.text == "changes ~a=1>2 +c=1 -b=1")
      #expect(update?.revision == written.0.modRevision)
      #expect(update?.changes.allSatisfy { $0.revision == written.0.modRevision } == true)
      // What does not decode is told, and what heals it.
      try await backend.foreignPut("/t/items/c", "[")
      let broken = try await updates.next()
      #expect(broken?.text == "changes !c")
      #expect(broken?.changes.first?.previous?.value.n == 1)
      #expect(broken?.changes.first?.error?.code == .decodingFailed)
      try await backend.foreignPut(items, Item(id: "c", n: 3))
      #expect(try await updates.next()?.text == "changes ~c=>3")
      // Whoever is told of a change can read it.
      #expect(try cache.get("c")?.value.n == 3)
    }
  }

  @Test func aPartIsToldOnlyOfItself() async throws {
    try await withItems { cache, _, backend in
      let first = try await backend.foreignPut(items, Item(id: "m/1", n: 1))
      try await cache.wait(for: first, timeout: .seconds(60))
      var folder = cache.changes(prefix: "m").makeAsyncIterator()
      var middle = cache.changes(from: "b", to: "m/2").makeAsyncIterator()
      var tail = cache.changes(from: "m/2").makeAsyncIterator()
      var key = cache.changes(key: "z").makeAsyncIterator()
      #expect(try await folder.next()?.text == "initial =m/1=1")
      #expect(try await middle.next()?.text == "initial =m/1=1")
      #expect(try await tail.next()?.text == "initial")
      #expect(try await key.next()?.text == "initial")
      for (id, n) in [("a", 1), ("m2", 1), ("m/1", 2), ("m/2", 1), ("z", 1), ("zz", 1)] {
        try await backend.foreignPut(items, Item(id: id, n: n))
      }
      #expect(try await folder.next()?.text == "changes ~m/1=1>2")
      #expect(try await folder.next()?.text == "changes +m/2=1")
      #expect(try await middle.next()?.text == "changes ~m/1=1>2")
      #expect(try await tail.next()?.text == "changes +m2=1")
      #expect(try await tail.next()?.text == "changes +m/2=1")
      #expect(try await key.next()?.text == "changes +z=1")
    }
  }

  @Test func whereNothingHappensItIsToldHowFarItIs() async throws {
    try await withItems(configuration: .remembering(20)) { cache, _, backend in
      var updates = cache.changes(prefix: "quiet").makeAsyncIterator()
      #expect(try await updates.next()?.text == "initial")
      var last = Revision.zero
      for n in 0..<200 { last = try await backend.foreignPut(items, Item(id: "busy", n: n)) }
      try await cache.wait(for: last, timeout: .seconds(60))
      let update = try await updates.next()
      #expect(update?.text == "changes")
      // It waits in the queue and goes on with the cache, so what it says is never too old to resume after.
      let reached = try #require(update?.revision)
      #expect(reached > last.previous.previous)
      try await backend.foreignPut(items, Item(id: "quiet/1", n: 1))
      var resumed = cache.changes(prefix: "quiet", after: reached).makeAsyncIterator()
      #expect(try await resumed.next()?.text == "changes +quiet/1=1")
    }
  }

  @Test func itResumesAfterARevisionThatIsRemembered() async throws {
    try await withItems(configuration: .remembering(10)) { cache, store, backend in
      let start = try await backend.foreignPut(items, Item(id: "a", n: 0))
      try await cache.wait(for: start, timeout: .seconds(60))
      var updates = cache.changes().makeAsyncIterator()
      let told = try #require(try await updates.next()?.revision)
      try await store.transaction(items.put(Item(id: "a", n: 1)), items.put(Item(id: "b", n: 1)))
      let last = try await backend.foreignDelete(items, "b")
      try await cache.wait(for: last, timeout: .seconds(60))
      var resumed = cache.changes(after: told).makeAsyncIterator()
      let missed = try await resumed.next()
      #expect(missed?.text == "changes ~a=0>1 +b=1 -b=1")
      #expect(missed?.revision == last)
      // From where it is: nothing until something happens.
      var current = cache.changes(after: last).makeAsyncIterator()
      async let next = current.next()
      try await eventually { cache.changeConsumers == 3 }
      try await backend.foreignPut(items, Item(id: "c", n: 1))
      #expect(try await next?.text == "changes +c=1")

      // Too long ago: it begins anew.
      var newest = last
      for n in 0..<30 { newest = try await backend.foreignPut(items, Item(id: "a", n: n)) }
      try await cache.wait(for: newest, timeout: .seconds(60))
      var anew = cache.changes(after: told).makeAsyncIterator()
      #expect(try await anew.next()?.text == "initial =a=29 =c=1")
    }
  }

  @Test func aRevisionThatIsNeverReachedIsInTheFuture() async throws {
    var configuration = CacheConfiguration.quick
    configuration.followTimeout = .milliseconds(50)
    try await withItems(configuration: configuration) { cache, _, _ in
      var updates = cache.changes(after: 1_000_000).makeAsyncIterator()
      let error = await #expect(throws: HoldfastError.self) { try await updates.next() }
      #expect(error?.code == .futureRevision)
      let after = try await updates.next()
      #expect(after == nil)
    }
  }

  @Test func aCompactionWhileCutOffIsOneMarkedDifference() async throws {
    try await withItems { cache, _, backend in
      for id in ["changed", "deleted", "recreated", "same"] { try await cache.put(Item(id: id, n: 1)) }
      var updates = cache.changes().makeAsyncIterator()
      let known = try await cache.snapshot(.includingMyWrites, timeout: .seconds(60)).revision
      #expect(try await updates.next()?.changes.count == 4)
      backend.setWatchCut(true)
      try await backend.foreignDelete(items, "deleted")
      try await backend.foreignDelete(items, "recreated")
      try await backend.foreignPut(items, Item(id: "recreated", n: 2))
      try await backend.foreignPut(items, Item(id: "short", n: 1))
      try await backend.foreignDelete(items, "short")
      try await backend.foreignPut(items, Item(id: "changed", n: 2))
      let last = try await backend.foreignPut(items, Item(id: "new", n: 2))
      _ = try await backend.compact(CompactRequest(last))
      backend.setWatchCut(false)
      let update = try await updates.next()
      #expect(update?.text == "resync ~changed=1>2 -deleted=1 +new=2 *recreated=1>2")
      #expect(update?.revision == last && update?.beginsEpoch == false)
      #expect(update?.changes.map(\.revision) == [last.previous, last, last, Revision(last.rawValue - 4)])
      // Reads at what was missed are refused, those before and after are not.
      #expect(code { try cache.snapshot(at: last.previous) } == .compacted)
      #expect(try cache.snapshot(at: known).list().map(\.key) == ["changed", "deleted", "recreated", "same"])
      // Whoever resumes across the gap gets the same.
      var resumed = cache.changes(after: known).makeAsyncIterator()
      #expect(try await resumed.next()?.text == update?.text)
      try await backend.foreignPut(items, Item(id: "next", n: 3))
      #expect(try await updates.next()?.text == "changes +next=3")
      #expect(try await resumed.next()?.text == "changes +next=3")
    }
  }

  @Test func aRestoredStoreIsAnEpoch() async throws {
    try await withEmbedded { other in
      try await other.foreignPut(items, Item(id: "b", n: 7))
      try await withItems { cache, _, backend in
        try await cache.put(Item(id: "a", n: 1))
        for n in 1...20 { try await cache.put(Item(id: "b", n: n)) }
        let told = try await cache.snapshot(.includingMyWrites, timeout: .seconds(60)).revision
        var updates = cache.changes().makeAsyncIterator()
        #expect(try await updates.next()?.text == "initial =a=1 =b=20")
        backend.setWatchCut(true)
        try await backend.foreignPut(items, Item(id: "lost", n: 1))
        backend.replace(by: other)
        try await eventually { !cache.health.isLive }
        backend.setWatchCut(false)
        let update = try await updates.next()
        #expect(update?.text == "resync -a=1 *b=20>7")
        #expect(update?.beginsEpoch == true)
        #expect(update.map { $0.revision < told } == true)
        // What was told before means nothing any more, even when its number comes again.
        while try await other.foreignPut(items, Item(id: "c", n: 1)) <= told {}
        try await eventually { try cache.snapshot().revision > told }
        var resumed = cache.changes(after: told).makeAsyncIterator()
        #expect(try await resumed.next()?.text == "initial =b=7 =c=1")
      }
    }
  }

  /// A consumer that comes back after a restore which the cache has seen begins anew, whatever its revision means by now: the store
  /// may not have got there again, or be just there.
  @Test(arguments: [1_000, 0], [false, true])
  func afterARestoreAConsumerBeginsAnew(history: Int, isOvertaken: Bool) async throws {
    try await withEmbedded { other in
      try await other.foreignPut(items, Item(id: "b", n: 7))
      try await withItems(configuration: .remembering(history)) { cache, _, backend in
        for n in 1...20 { try await cache.put(Item(id: "b", n: n)) }
        let told = try await cache.snapshot(.includingMyWrites, timeout: .seconds(60)).revision
        backend.setWatchCut(true)
        backend.replace(by: other)
        try await eventually { !cache.health.isLive }
        backend.setWatchCut(false)
        try await eventually { try cache.get("b")?.value.n == 7 }
        if isOvertaken {
          while try await other.foreignPut(items, Item(id: "b", n: 7)) < told {}
          try await eventually { try cache.snapshot().revision == told }
        } else if history == 0 {
          // Nobody knows any more what revisions there were.
          return
        }
        var updates = cache.changes(after: told).makeAsyncIterator()
        #expect(try await updates.next()?.text == "initial =b=7")
      }
    }
  }
}
