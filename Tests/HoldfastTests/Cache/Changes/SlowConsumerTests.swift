import Holdfast
import Testing

/// A consumer that is too slow gets what its policy says, and nobody else feels it.
@Suite struct SlowConsumerTests {
  @Test func eachPolicyHasItsOutcome() async throws {
    try await withItems { cache, store, backend in
      let start = try await backend.foreignPut(items, Item(id: "gone", n: 1))
      try await cache.wait(for: start, timeout: .seconds(60))
      var dropping = cache.changes(policy: .dropAndResync.limited(entries: 10)).makeAsyncIterator()
      var conflating = cache.changes(policy: .conflate.limited(entries: 10)).makeAsyncIterator()
      var failing = cache.changes(policy: .backPressure.limited(entries: 10)).makeAsyncIterator()
      var quick = cache.changes().makeAsyncIterator()
      for _ in 0..<1 {
        #expect(try await dropping.next()?.kind == .initial)
        #expect(try await conflating.next()?.kind == .initial)
        #expect(try await failing.next()?.kind == .initial)
        #expect(try await quick.next()?.kind == .initial)
      }
      try await backend.foreignDelete(items, "gone")
      var last = Revision.zero
      for n in 1...100 { last = try await backend.foreignPut(items, Item(id: "k\(n % 5)", n: n)) }
      // Nobody has taken anything, and the cache is where the store is.
      try await cache.wait(for: last, timeout: .seconds(60))

      #expect(try await dropping.next()?.text == "resync -gone=1 +k0=100 +k1=96 +k2=97 +k3=98 +k4=99")
      #expect(try await conflating.next()?.text == "changes -gone=1 +k1=96 +k2=97 +k3=98 +k4=99 +k0=100")
      var kept = 0
      let error = await #expect(throws: HoldfastError.self) {
        while let update = try await failing.next() { kept += update.changes.count }
      }
      #expect(error?.code == .resourceExhausted)
      #expect(kept > 0 && kept <= 10)
      var every = Replay(values: ["gone": 1])
      var told = 0
      while every.revision < last, let update = try await quick.next() {
        every.apply(update)
        told += update.changes.count
      }
      #expect(told == 101)
      // And each goes on.
      try await backend.foreignPut(items, Item(id: "k0", n: 101))
      #expect(try await dropping.next()?.text == "changes ~k0=100>101")
      #expect(try await conflating.next()?.text == "changes ~k0=100>101")
      #expect(try await failing.next() == nil)
    }
  }

  /// Consumers of all kinds, written to by several tasks: what each is told makes what is there.
  @Test func whatIsToldMakesWhatIsThere() async throws {
    try await withItems { cache, store, backend in
      let policies: [ChangePolicy] = [
        .dropAndResync, .conflate, .dropAndResync.limited(entries: 3), .conflate.limited(entries: 3),
        .dropAndResync.limited(bytes: 200),
      ]
      try await withThrowingTaskGroup(of: Void.self) { group in
        for writer in 0..<3 {
          group.addTask {
            for n in 0..<200 {
              let id = "k\((n * 7 + writer) % 20)"
              if n % 5 == 4 {
                try await store.execute(items.delete(id))
              } else {
                try await store.transaction(
                  items.put(Item(id: id, n: n)), items.put(Item(id: "w\(writer)", n: n)))
              }
            }
            try await store.execute(items.put(Item(id: "end\(writer)", n: 1)))
          }
        }
        for (index, policy) in policies.enumerated() {
          group.addTask {
            var replay = Replay()
            for try await update in cache.changes(policy: policy) {
              replay.apply(update)
              if (0..<3).allSatisfy({ replay.values[Key("end\($0)")] == 1 }) { break }
              if index % 2 == 1 { for _ in 0..<50 { await Task.yield() } }
            }
            let there = try await cache.snapshot(.atLeast(replay.revision), timeout: .seconds(60)).list()
            #expect(replay.values == Dictionary(uniqueKeysWithValues: there.map { ($0.key, $0.value.n) }))
          }
        }
        try await group.waitForAll()
      }
      try await eventually { cache.changeConsumers == 0 }
    }
  }

  @Test func whatIsKeptIsReleasedWithItsConsumer() async throws {
    try await withItems { cache, _, _ in
      do {
        var updates = cache.changes().makeAsyncIterator()
        #expect(cache.changeConsumers == 0)
        _ = try await updates.next()
        #expect(cache.changeConsumers == 1)
      }
      #expect(cache.changeConsumers == 0)
      let task = Task {
        var updates: [String] = []
        for try await update in cache.changes() { updates.append("\(update.kind)") }
        return updates
      }
      try await eventually { cache.changeConsumers == 1 }
      task.cancel()
      #expect(try await task.value.count <= 1)
      #expect(cache.changeConsumers == 0)
    }
  }

  @Test func aCacheThatStopsEndsThem() async throws {
    try await withItems { _, store, backend in
      let cache = Cache(of: items, in: store, configuration: .quick)
      var early = cache.changes().makeAsyncIterator()
      let notStarted = await #expect(throws: HoldfastError.self) { try await early.next() }
      #expect(notStarted?.code == .notStarted)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await cache.run() }
        try await eventually { cache.health.isLive }
        var updates = cache.changes().makeAsyncIterator()
        #expect(try await updates.next()?.kind == .initial)
        let last = try await backend.foreignPut(items, Item(id: "a", n: 1))
        try await cache.wait(for: last, timeout: .seconds(60))
        group.cancelAll()
        try await eventually { cache.health.state == .stopped && cache.changeConsumers == 0 }
        // What waited is told before.
        #expect(try await updates.next()?.text == "changes +a=1")
        let stopped = await #expect(throws: HoldfastError.self) { try await updates.next() }
        #expect(stopped?.code == .stopped)
        #expect(try await updates.next() == nil)
      }
      var late = cache.changes().makeAsyncIterator()
      let stopped = await #expect(throws: HoldfastError.self) { try await late.next() }
      #expect(stopped?.code == .stopped)
      // What was told of the run before is no place to go on from.
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await cache.run() }
        try await eventually { cache.health.isLive }
        var updates = cache.changes(after: try cache.snapshot().revision).makeAsyncIterator()
        #expect(try await updates.next()?.text == "initial =a=1")
        group.cancelAll()
      }
    }
  }
}
