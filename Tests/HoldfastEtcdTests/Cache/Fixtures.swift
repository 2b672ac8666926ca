import Holdfast
import HoldfastEtcd
import Logging
import TestSupport

struct Item: Codable, Hashable, Sendable {
  var id: String
  var n: Int
}

let items = Keyspace<Item>(prefix: "/t/items/") { $0.id }

extension Logger {
  static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

/// A real server, a cache of `items` that reaches it through a proxy, and a second store that reaches it directly, as another
/// process would.
func withProxiedItems(
  _ version: EtcdVersion, arguments: [String] = [],
  _ body: (Cache<Item>, TCPProxy, Store, EtcdServer) async throws -> Void
) async throws {
  try await withEtcd(version, arguments: arguments) { etcd in
    try await withTCPProxy(to: etcd.clientPort) { proxy in
      try await withStore(.etcd(endpoints: [etcd.clientURL]), logger: .quiet) { direct in
        try await withStore(.etcd(endpoints: [proxy.url]), logger: .quiet) { store in
          try await store.withCache(of: items, configuration: .patient) { cache in
            try await body(cache, proxy, direct, etcd)
          }
        }
      }
    }
  }
}

extension CacheConfiguration {
  /// For busy machines.
  static var patient: CacheConfiguration {
    var configuration = CacheConfiguration()
    configuration.startTimeout = .seconds(60)
    return configuration
  }
}
