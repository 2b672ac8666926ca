import Holdfast
import HoldfastEmbedded
import Testing

/// G9 where values are decoded on demand: reads answer as in an eager cache, and health says what they have found.
@Suite struct QuarantineOnDemandTests {
  private func fill(_ backend: any Backend) async throws {
    try await backend.foreignPut(items, Item(id: "good", n: 1))
    try await backend.foreignPut("/t/items/bad", "{\"id\":\"a\"")
    try await backend.foreignPut("/t/items/worse", "[]")
  }

  /// Every way to read, and what is known after it.
  @Test(arguments: ["get", "borrow", "several", "list", "prefix", "snapshot", "snapshot list", "stream"])
  func theFirstReadFindsIt(_ way: String) async throws {
    try await withOnDemandItems(fill: fill) { cache, _, codec in
      #expect(cache.health.quarantined == 0)
      #expect(try cache.exists("bad"))
      var found: [QuarantinedKey]?
      switch way {
      case "get": #expect(code { try cache.get("bad") } == .decodingFailed)
      case "borrow": #expect(code { try cache.withValue(of: "bad") { $0.n } } == .decodingFailed)
      case "several": found = try cache.get(["good", "bad"]).quarantined
      case "list": found = try cache.list(from: "bad", to: "c").quarantined
      case "prefix": #expect(try cache.list(prefix: "bad").isEmpty)
      case "snapshot": #expect(code { try cache.snapshot().get("bad") } == .decodingFailed)
      case "snapshot list": found = try cache.snapshot().list(from: "bad", to: "c").quarantined
      default:
        for try await update in cache.changes(key: "bad") {
          #expect(update.changes.map(\.error?.code) == [.decodingFailed])
          break
        }
      }
      if let found { #expect(found.map(\.key) == ["bad"]) }
      // A prefix is a folder, so that one has seen nothing.
      #expect(cache.health.quarantined == (way == "prefix" ? 0 : 1))
      _ = (codec.take(), code { try cache.get("bad") })
      if way != "prefix" { #expect(codec.take() == []) }
      #expect(try cache.list().quarantined.map(\.key) == ["bad", "worse"])
      #expect(cache.health.quarantined == 2)
      #expect(try cache.list().map(\.key) == ["good"])
    }
  }

  @Test func anErrorIsTheSameAsThatOfAnEagerCache() async throws {
    try await withEmbedded { engine in
      try await fill(engine)
      try await withStore(.backend(engine), logger: .quiet) { store in
        try await store.withCache(of: items, configuration: .quick) { eager in
          try await store.withCache(of: items, configuration: .decoding(.onDemand)) { lazy in
            let expected = try eager.list()
            let listing = try lazy.list()
            #expect(listing.quarantined.map(\.key) == expected.quarantined.map(\.key))
            #expect(listing.quarantined.map(\.modRevision) == expected.quarantined.map(\.modRevision))
            #expect(listing.quarantined.map(\.error.message) == expected.quarantined.map(\.error.message))
            #expect(listing.quarantined.map(\.error.key) == expected.quarantined.map(\.error.key))
            #expect(listing.total == expected.total)
            #expect(Array(listing) == Array(expected))
          }
        }
      }
    }
  }

  @Test func whoFollowsHealthIsTold() async throws {
    try await withOnDemandItems(fill: fill) { cache, _, _ in
      try await cache.waitUntilLive(timeout: .seconds(60))
      var updates = cache.healthUpdates.makeAsyncIterator()
      #expect(await updates.next()?.quarantined == 0)
      async let next = updates.next()
      _ = code { try cache.get("bad") }
      #expect(await next?.quarantined == 1)
    }
  }

  @Test func aGoodValueHealsAndABadOneIsToBeFoundAgain() async throws {
    try await withOnDemandItems(fill: fill) { cache, backend, _ in
      let bad = try #require(try cache.list().quarantined.first)
      #expect(cache.health.quarantined == 2)
      let healed = try await cache.store.execute(items.update(Item(id: "bad", n: 2), ifRevision: bad.modRevision))
      #expect(cache.health.quarantined == 1)
      #expect(try cache.get("bad") == healed)
      try await cache.wait(for: backend.foreignPut("/t/items/worse", "{"), timeout: .seconds(60))
      #expect(cache.health.quarantined == 0)
      #expect(code { try cache.get("worse") } == .decodingFailed)
      #expect(cache.health.quarantined == 1)
      try await cache.delete("worse")
      #expect(cache.health.quarantined == 0)
    }
  }

  /// Health is about what reads show now.
  @Test func whatIsFoundInThePastDoesNotCount() async throws {
    try await withOnDemandItems(fill: fill) { cache, backend, _ in
      let held = try cache.snapshot()
      try await cache.wait(for: backend.foreignPut(items, Item(id: "bad", n: 1)), timeout: .seconds(60))
      #expect(held.list().quarantined.map(\.key) == ["bad", "worse"])
      #expect(cache.health.quarantined == 1)
      #expect(try cache.get("bad")?.value.n == 1)
    }
  }

  /// What waits below a write of this process is found in a snapshot, and counts when it is what reads show.
  @Test func whatWasFoundBelowAWriteIsKnownIfItComesBack() async throws {
    try await withOnDemandItems { cache, backend, _ in
      let bad = try await backend.foreignPut("/t/items/a", "{")
      try await cache.wait(for: bad, timeout: .seconds(60))
      backend.setWatchCut(true)
      try await cache.put(Item(id: "a", n: 1))
      #expect(code { try cache.snapshot().get("a") } == .decodingFailed)
      #expect(cache.health.quarantined == 0)
      #expect(try cache.get("a")?.value.n == 1)
    }
  }
}
