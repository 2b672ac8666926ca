import Holdfast
import HoldfastEmbedded
import Testing

/// Reads that lend the value.
@Suite struct BorrowedReadTests {
  @Test(arguments: [CacheConfiguration.Decoding.eager, .onDemand])
  func showsWhatGetShows(_ decoding: CacheConfiguration.Decoding) async throws {
    try await withItems(configuration: .decoding(decoding)) { cache, _, backend in
      try await cache.put(Item(id: "a", n: 1))
      #expect(try cache.withValue(of: "a") { $0 } == Item(id: "a", n: 1))
      #expect(try cache.withValue(of: "a") { $0.n } == 1)
      try await cache.put(Item(id: "a", n: 2))
      #expect(try cache.withValue(of: "a") { $0.n } == 2)
      #expect(try cache.withValue(of: "b") { $0.n } == nil)
      let nothing: Int? = nil
      #expect(try cache.withValue(of: "a") { _ in nothing } == nil)
      try await cache.delete("a")
      #expect(try cache.withValue(of: "a") { $0.n } == nil)
      let bad = try await backend.foreignPut("/t/items/a", "{")
      try await cache.wait(for: bad, timeout: .seconds(60))
      var calls = 0
      #expect(code { try cache.withValue(of: "a") { _ in calls += 1 } } == .decodingFailed)
      #expect(calls == 0)
    }
  }

  /// The closure may read, lend again, and throw.
  @Test(arguments: [CacheConfiguration.Decoding.eager, .onDemand])
  func mayBeNested(_ decoding: CacheConfiguration.Decoding) async throws {
    try await withItems(configuration: .decoding(decoding)) { cache, _, _ in
      for id in ["a", "b"] { try await cache.put(Item(id: id, n: 1)) }
      for _ in 0..<2 {
        let found = try cache.withValue(of: "a") { outer in
          try cache.withValue(of: "b") { inner in
            [outer.id, inner.id, try cache.get("a")?.value.id, try cache.list().last?.value.id]
          }
        }
        #expect(found == ["a", "b", "a", "b"])
      }
      #expect(throws: CancellationError.self) {
        try cache.withValue(of: "a") { _ -> Int in throw CancellationError() }
      }
      // After an error nothing is held back: what was read before is freed as ever.
      #expect(try cache.withValue(of: "a") { $0.n } == 1)
    }
  }

  /// What is lent is there while the closure runs, whatever happens to its key meanwhile, and what is copied stays.
  @Test(arguments: [CacheConfiguration.Decoding.eager, .onDemand])
  func whatIsLentOutlivesItsKey(_ decoding: CacheConfiguration.Decoding) async throws {
    try await withItems(configuration: .decoding(decoding)) { cache, _, _ in
      let long = String(repeating: "long ", count: 100)
      try await cache.put(Item(id: long, n: 0))
      let writer = Task {
        for n in 1...300 {
          try await cache.put(Item(id: long, n: n))
          if n % 10 == 0 { try await cache.delete(Key(long)) }
        }
        try await cache.put(Item(id: long, n: 301))
      }
      var copies: [Item] = []
      var last = 0
      while last < 301 {
        let copy = try cache.withValue(of: long) { item -> Item in
          #expect(item.id == long)
          return item
        }
        await Task.yield()
        guard let copy else { continue }
        #expect(copy.n >= last)
        if copy.n > last || copies.isEmpty { copies.append(copy) }
        last = copy.n
      }
      try await writer.value
      #expect(copies.allSatisfy { $0.id == long })
    }
  }

  @Test func saysWhyThereIsNothingToRead() async throws {
    try await withEmbedded { engine in
      try await withStore(.backend(engine), logger: .quiet) { store in
        let cache = Cache(of: items, in: store)
        #expect(code { try cache.withValue(of: "a") { $0.n } } == .notStarted)
      }
    }
  }
}
