import Holdfast
import HoldfastCore
import HoldfastEtcd
import TestSupport

extension FaultRun {
  /// A way to each member for each of the two stores.
  func withProxies<R>(
    _ cluster: EtcdCluster, _ body: ([[TCPProxy]]) async throws -> R
  ) async throws -> R {
    let targets = cluster.members.map { $0.securePort ?? $0.clientPort }
    return try await withTCPProxies(to: targets + targets) { proxies in
      try await body([Array(proxies.prefix(targets.count)), Array(proxies.suffix(targets.count))])
    }
  }

  /// Two stores: the first with two caches, the second with one.
  func withStage<R: Sendable>(
    _ cluster: EtcdCluster, _ proxies: [[TCPProxy]], _ body: (Stage) async throws -> R
  ) async throws -> R {
    let urls = proxies.map { $0.map { security == nil ? $0.url : "https://127.0.0.1:\($0.port)" } }
    return try await withStore(.hasty(urls[0], clients.apply), logger: .quiet) { first in
      try await withStore(.hasty(urls[1], clients.apply), logger: .quiet) { second in
        try await first.withCache(of: things, configuration: .hasty) { one in
          try await first.withCache(of: things, configuration: .hasty) { two in
            try await second.withCache(of: things, configuration: .hasty) { three in
              try await body(
                Stage(
                  kind: kind, cluster: cluster, proxies: proxies, stores: [first, second], caches: [one, two, three],
                  recorder: Recorder(storeOfCache: [0, 0, 1])))
            }
          }
        }
      }
    }
  }
}

/// Proxies to several ports, in order.
func withTCPProxies<R>(to ports: [Int], _ body: ([TCPProxy]) async throws -> R) async throws -> R {
  func next(_ made: [TCPProxy]) async throws -> R {
    if made.count == ports.count { return try await body(made) }
    return try await withTCPProxy(to: ports[made.count]) { try await next(made + [$0]) }
  }
  return try await next([])
}
