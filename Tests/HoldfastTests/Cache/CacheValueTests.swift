import Holdfast
import HoldfastEmbedded
import Synchronization
import Testing

/// G9 and rules 10 and 11: values that somebody else wrote.
@Suite struct CacheValueTests {
  @Test(arguments: ["", "null", "{\"id\":\"a\"", "\u{1F}\u{8B}broken", "[]"])
  func whatDoesNotDecodeIsQuarantinedAndHeals(_ bytes: String) async throws {
    // The watch has to tell of it: the watchdog would list again.
    var configuration = CacheConfiguration.quick
    configuration.staleAfter = .seconds(3_600)
    try await withItems(configuration: configuration) { cache, _, backend in
      try await cache.put(Item(id: "good", n: 1))
      try await cache.put(Item(id: "bad", n: 1))
      let revision = try await backend.foreignPut("/t/items/bad", bytes)
      try await cache.wait(for: revision, timeout: .seconds(60))
      #expect(code { try cache.get("bad") } == .decodingFailed)
      let listing = try cache.list()
      #expect(listing.map(\.key) == ["good"])
      #expect(listing.quarantined.map(\.key) == ["bad"])
      #expect(listing.quarantined.first?.modRevision == revision)
      #expect(listing.total == 2)
      #expect(try cache.count() == 2)
      #expect(try cache.exists("bad"))
      #expect(cache.health.quarantined == 1)
      #expect(try cache.get(["bad", "good"]).quarantined.map(\.key) == ["bad"])
      // Compare-and-set by revision works on it, and heals it.
      let healed = try await cache.store.execute(items.update(Item(id: "bad", n: 2), ifRevision: revision))
      #expect(try cache.get("bad") == healed)
      #expect(cache.health.quarantined == 0)
      try await backend.foreignPut("/t/items/bad", bytes)
      try await eventually { cache.health.quarantined == 1 }
      #expect(try await cache.delete("bad") == 1)
      #expect(try cache.list().quarantined.isEmpty)
      #expect(cache.health.quarantined == 0)
    }
  }

  @Test func badValuesAreQuarantinedAtLoadToo() async throws {
    try await withEmbedded { engine in
      try await engine.foreignPut("/t/items/bad", "nonsense!!")
      try await engine.foreignPut(items, Item(id: "good", n: 1))
      try await withStore(.backend(engine), logger: .quiet) { store in
        try await store.withCache(of: items, configuration: .quick) { cache in
          let listing = try cache.list()
          #expect(listing.map(\.key) == ["good"])
          #expect(cache.health.quarantined == 1)
        }
      }
    }
  }

  @Test func aValueUnderAnotherKeyIsServedWhereItIs() async throws {
    try await withItems { cache, store, backend in
      let value = try items.encode(Item(id: "claimed", n: 1))
      let revision = try await backend.put(PutRequest(key: "/t/items/real", value: value)).header.revision
      try await cache.wait(for: revision, timeout: .seconds(60))
      #expect(try cache.get("claimed") == nil)
      let found = try #require(try cache.get("real"))
      #expect(found.isMisplaced)
      #expect(found.key == "real")
      let updated = try await cache.update(found) { $0.n = 2 }
      #expect(updated.key == "real")
      #expect(try cache.get("real")?.value.n == 2)
      #expect(try cache.count() == 1)
      #expect(try await cache.delete(updated) == 1)
      #expect(try await store.execute(items.count()) == 0)
    }
  }

  @Test func aChangeOfTheKeyIsRefusedBeforeItIsSent() async throws {
    try await withItems { cache, _, backend in
      let stored = try await cache.put(Item(id: "a", n: 1))
      let sent = backend.transactions
      await #expect {
        try await cache.update(stored) { $0.id = "b" }
      } throws: { error in
        (error as? HoldfastError)?.code == .keyMismatch
      }
      #expect(backend.transactions == sent)
    }
  }

  /// A class with state that can be changed: what a reader does to its object must not reach other readers.
  final class Shared: Codable, Sendable {
    let id: String
    private let number: Mutex<Int>
    var n: Int {
      get { number.withLock { $0 } }
      set { number.withLock { $0 = newValue } }
    }

    init(id: String, n: Int) {
      self.id = id
      number = Mutex(n)
    }

    enum CodingKeys: String, CodingKey { case id, n }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      id = try container.decode(String.self, forKey: .id)
      number = Mutex(try container.decode(Int.self, forKey: .n))
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(id, forKey: .id)
      try container.encode(n, forKey: .n)
    }
  }

  @Test func valuesOfReferenceTypeCannotBeChangedInTheCache() async throws {
    let keyspace = Keyspace<Shared>(prefix: "/t/shared/") { $0.id }
    try await withEmbedded { engine in
      try await withStore(.backend(engine), logger: .quiet) { store in
        try await store.withCache(of: keyspace, configuration: .quick) { cache in
          let mine = Shared(id: "a", n: 1)
          let stored = try await cache.put(mine)
          mine.n = 99
          #expect(try cache.get("a")?.value.n == 1)
          try cache.get("a")?.value.n = 77
          #expect(try cache.get("a")?.value.n == 1)
          for one in try cache.list() { one.value.n = 55 }
          #expect(try cache.list().first?.value.n == 1)
          // The closure of an update gets an object of its own, so a refused update leaves no trace.
          try await cache.put(Shared(id: "a", n: 2))
          await #expect(throws: HoldfastError.self) { try await cache.update(stored) { $0.n = 3 } }
          #expect(try cache.get("a")?.value.n == 2)
        }
      }
    }
  }
}
