import Holdfast
import HoldfastEtcd
import Synchronization
import TestSupport

/// One real server and two stores on it, as two processes have them.
func withTwoStores(
  _ version: EtcdVersion, _ body: @escaping @Sendable (Store, Store, EtcdServer) async throws -> Void
) async throws {
  try await withEtcd(version) { etcd in
    try await withStore(.etcd(endpoints: [etcd.clientURL]), logger: .quiet) { first in
      try await withStore(.etcd(endpoints: [etcd.clientURL]), logger: .quiet) { second in
        try await body(first, second, etcd)
      }
    }
  }
}

func untilCancelled() async throws { try await Task.sleep(for: .seconds(3_600)) }
