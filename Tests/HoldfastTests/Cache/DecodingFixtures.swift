import Holdfast
import HoldfastEmbedded
import Synchronization

/// Decodes as the codec of `items` does, and remembers what it was asked for.
final class CountingCodec: Codec {
  private let codec = JSONCodec<Item>()
  private let state = Mutex((decoded: [Item](), running: 0, most: 0))
  private let hook = Mutex<@Sendable (Item) -> Void> { _ in }

  func encode(_ value: Item) throws -> [UInt8] { try codec.encode(value) }

  func decode(_ bytes: [UInt8]) throws -> Item {
    let item = (try? codec.decode(bytes)) ?? Item(id: "bad", n: 0)
    state.withLock {
      $0.decoded.append(item)
      $0.running += 1
      $0.most = max($0.most, $0.running)
    }
    defer { state.withLock { $0.running -= 1 } }
    hook.withLock { $0 }(item)
    return try codec.decode(bytes)
  }

  /// Called whenever something is decoded, with what that is.
  func whileDecoding(_ body: @escaping @Sendable (Item) -> Void) { hook.withLock { $0 = body } }

  /// What was decoded since this was asked last, in order of their names: those that are no values as `bad`.
  func take() -> [String] {
    state.withLock { state in
      defer { state.decoded = [] }
      return state.decoded.map(\.id).sorted()
    }
  }

  /// How many were decoded at once at most.
  var most: Int { state.withLock { $0.most } }
}

extension CacheConfiguration {
  static func decoding(_ decoding: Decoding) -> CacheConfiguration {
    var configuration = quick
    configuration.decoding = decoding
    return configuration
  }
}

/// A cache that decodes on demand, of what `fill` has put into the store before, and the codec that it decodes with.
func withOnDemandItems<R: Sendable>(
  decodesEachRead: Bool = false, fill: (any Backend) async throws -> Void = { _ in },
  _ body: (Cache<Item>, FaultyBackend, CountingCodec) async throws -> R
) async throws -> R {
  let codec = CountingCodec()
  var keyspace = Keyspace<Item>(prefix: items.prefix, codec: codec) { $0.id }
  keyspace.decodesEachRead = decodesEachRead
  let counted = keyspace
  return try await withEmbedded { engine in
    let backend = FaultyBackend(engine)
    try await fill(backend)
    return try await withStore(.backend(backend), logger: .quiet) { store in
      try await store.withCache(of: counted, configuration: .decoding(.onDemand)) { try await body($0, backend, codec) }
    }
  }
}
