import Holdfast
import HoldfastEmbedded
import Logging
import Synchronization
import Testing

@Suite struct CacheLoggingTests {
  private struct Handler: LogHandler {
    let look: @Sendable (String) -> Void
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { look("\(event.message)") }
  }

  private final class Watch: Sendable {
    let cache = Mutex<Cache<Item>?>(nil)
    let seen = Mutex<[CacheHealth.State]>([])

    func look(_: String) {
      guard let cache = cache.withLock({ $0 }) else { return }
      seen.withLock { $0.append(cache.health.state) }
    }
  }

  /// Who was told that something is wrong is told when it is over.
  @Test(.timeLimit(.minutes(2))) func troubleAndItsEndAreTold() async throws {
    let told = Mutex<[String]>([])
    func waits(for message: String) async throws { try await eventually { told.withLock { $0.last == message } } }
    var configuration = CacheConfiguration.quick
    (configuration.probeInterval, configuration.staleAfter) = (.milliseconds(20), .seconds(1))
    try await withEmbedded { engine in
      let backend = FaultyBackend(engine)
      let logger = Logger(label: "test") { _ in
        Handler(look: { message in told.withLock { if message.hasPrefix("The cache") { $0.append(message) } } })
      }
      try await withStore(.backend(backend), logger: logger) { store in
        try await store.withCache(of: items, configuration: configuration) { cache in
          let (live, stale) = ("The cache follows the store", "The cache does not follow the store")
          try await cache.waitUntilLive(timeout: .seconds(60))
          try await waits(for: live)
          backend.setAway(true)
          try await waits(for: stale)
          backend.setAway(false)
          try await waits(for: live)
        }
      }
    }
  }

  /// As one does that adds the state of its service to each line.
  @Test(.timeLimit(.minutes(2))) func aLogHandlerMayLookAtTheCache() async throws {
    try await withEmbedded { engine in
      let backend = FaultyBackend(engine)
      backend.setAway(true)
      let watch = Watch()
      let logger = Logger(label: "test") { _ in Handler(look: watch.look) }
      try await withStore(.backend(backend), logger: logger) { store in
        let cache = Cache(of: items, in: store, configuration: .quick)
        watch.cache.withLock { $0 = cache }
        defer { watch.cache.withLock { $0 = nil } }
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { try await cache.run() }
          try await eventually { watch.seen.withLock { $0.contains(.connecting) } }
          group.cancelAll()
        }
      }
    }
  }
}
