import Holdfast
import HoldfastEmbedded
import Logging
import Synchronization

struct Item: Codable, Hashable, Sendable {
  var id: String
  var n: Int
}

let items = Keyspace<Item>(prefix: "/t/items/") { $0.id }
let others = Keyspace<Item>(prefix: "/t/others/") { $0.id }

/// Polls a condition, for at most a minute: far more than it takes, so that a busy machine is no failure.
func eventually(_ condition: () async throws -> Bool) async throws {
  let deadline = ContinuousClock.now + .seconds(60)
  while try await !condition() {
    guard ContinuousClock.now < deadline else { throw HoldfastError(.timeout, "the condition never held") }
    try await Task.sleep(for: .milliseconds(1))
  }
}

/// A cache of `items` on an engine of its own, with the means to disturb the way between them.
func withItems<R: Sendable>(
  configuration: CacheConfiguration = .quick, _ body: (Cache<Item>, Store, FaultyBackend) async throws -> R
) async throws -> R {
  try await withEmbedded { engine in
    let backend = FaultyBackend(engine)
    return try await withStore(.backend(backend), logger: .quiet) { store in
      try await store.withCache(of: items, configuration: configuration) { try await body($0, store, backend) }
    }
  }
}

extension Logger {
  /// Says nothing: tests look at errors and health.
  static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

extension CacheConfiguration {
  /// Does not wait long between attempts.
  static var quick: CacheConfiguration {
    var configuration = CacheConfiguration()
    configuration.startTimeout = .seconds(60)
    configuration.linearizableWait = .seconds(60)
    configuration.backoff = .milliseconds(1) ... .milliseconds(2)
    return configuration
  }
}

extension Backend {
  /// A write by somebody else: no cache is told of it but by its watch. Returns its revision.
  @discardableResult
  func foreignPut(_ keyspace: Keyspace<Item>, _ item: Item) async throws -> Revision {
    try await put(PutRequest(key: keyspace.storeKey(for: item.id), value: keyspace.encode(item))).header.revision
  }

  @discardableResult
  func foreignPut(_ key: Key, _ value: String) async throws -> Revision {
    try await put(PutRequest(key: key, value: Array(value.utf8))).header.revision
  }

  @discardableResult
  func foreignDelete(_ keyspace: Keyspace<Item>, _ id: String) async throws -> Revision {
    try await deleteRange(DeleteRangeRequest(.key(keyspace.storeKey(for: id)))).header.revision
  }
}
