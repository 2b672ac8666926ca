import Holdfast
import HoldfastEmbedded
import Logging
import Synchronization
import Testing

@Suite struct CacheLoggingTests {
  private struct Handler: LogHandler {
    let look: @Sendable () -> Void
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { look() }
  }

  private final class Watch: Sendable {
    let cache = Mutex<Cache<Item>?>(nil)
    let seen = Mutex<[CacheHealth.State]>([])

    func look() {
      guard let cache = cache.withLock({ $0 }) else { return }
      seen.withLock { $0.append(cache.health.state) }
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
