import Holdfast
import HoldfastEtcd
import TestSupport
import Testing

/// Locks and leases on real servers, with etcd's own tool as another process.
@Suite struct EtcdLockTests {
  private static let name: Key = "/locks/a"

  /// The store is there for the last steps of who is cancelled inside of `withStore`.
  @Test(arguments: EtcdVersion.allCases) func whoIsCancelledReleasesBeforeTheStoreEnds(version: EtcdVersion)
    async throws
  {
    try await withEtcd(version) { etcd in
      for _ in 0..<10 {
        let (held, continuation) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
          try await withStore(.etcd(endpoints: [etcd.clientURL]), logger: .quiet) { store in
            try await store.withLock(Self.name, ttl: .seconds(60)) { _ in
              continuation.yield()
              // Until it is cancelled.
              try await Task.sleep(for: .seconds(600))
            }
          }
        }
        for await _ in held { break }
        task.cancel()
        _ = await task.result
        let left = try await etcd.list(prefix: "/locks/")
        #expect(left.isEmpty)
      }
    }
  }

  @Test(arguments: EtcdVersion.allCases) func contendersNeverOverlap(version: EtcdVersion) async throws {
    try await withTwoStores(version) { first, second, etcd in
      let record = Shared<(inside: Int, tokens: [Revision])>((0, []))
      await withTaskGroup(of: Void.self) { group in
        for contender in 0..<8 {
          group.addTask {
            let store = contender % 2 == 0 ? first : second
            for round in 0..<5 {
              let task = Task {
                try await store.withLock(Self.name, ttl: .seconds(60)) { lock in
                  record.withLock { state in
                    state.inside += 1
                    #expect(state.inside == 1, "two hold the lock")
                    #expect(state.tokens.last.map { $0 < lock.token } ?? true, "tokens do not grow")
                    state.tokens.append(lock.token)
                  }
                  defer { record.withLock { $0.inside -= 1 } }
                  _ = try await store.execute(items.put(Item(id: "a", n: contender)).if(lock.condition))
                }
              }
              if (contender + round) % 4 == 0 {
                try? await Task.sleep(for: .milliseconds(Int.random(in: 0...30)))
                task.cancel()
              }
              _ = await task.result
            }
          }
        }
      }
      let count = record.withLock { $0.tokens.count }
      #expect(count >= 30, "those that were not cancelled")
      let (keys, leases) = (try await etcd.list(prefix: "/locks/"), try await etcd.leases())
      #expect(keys.isEmpty && leases.isEmpty, "nobody left anything behind")
    }
  }

  /// Go waits for us, and we wait for Go.
  @Test(arguments: EtcdVersion.allCases) func etcdctlAndWeExcludeEachOther(version: EtcdVersion) async throws {
    try await withTwoStores(version) { store, _, etcd in
      let hasHeld = Shared(false)
      try await withThrowingTaskGroup(of: String.self) { group in
        try await store.withLock(Self.name, ttl: .seconds(60)) { _ in }
        let task = try await store.withLock(Self.name, ttl: .seconds(60)) { lock in
          let task = Task { try await etcd.etcdctl("lock", "/locks/a", "echo", "go-holds") }
          try await eventually(within: .seconds(60), "etcdctl waits") {
            try await etcd.list(prefix: "/locks/a/").count == 2
          }
          let keys = try await etcd.list(prefix: "/locks/a/").sorted { $0.createRevision < $1.createRevision }
          #expect(keys.first?.key == "/locks/a/\(lock.lease.id)")
          #expect(keys.last.map { Key($0.key) != lock.key } ?? false)
          return task
        }
        let output = try await task.value
        #expect(output.contains("go-holds"))
        group.addTask { try await etcd.etcdctl("lock", "/locks/a", "sleep", "2") }
        try await eventually(within: .seconds(60), "etcdctl holds") {
          try await etcd.list(prefix: "/locks/a/").count == 1
        }
        let go = try #require(try await etcd.list(prefix: "/locks/a/").first)
        let error = await failure { try await store.tryLock(Self.name, ttl: .seconds(60)) { _ in } }
        #expect(error?.code == .lockHeld)
        try await store.withLock(Self.name, ttl: .seconds(60)) { lock in
          let holder = try await etcd.get(key: go.key)
          #expect(holder == nil, "etcdctl has let it go")
          #expect(lock.token > Revision(go.createRevision))
          hasHeld.withLock { $0 = true }
        }
        try await group.waitForAll()
      }
      #expect(hasHeld.withLock { $0 })
    }
  }

  @Test(arguments: EtcdVersion.allCases) func aRevokedLeaseEndsTheBody(version: EtcdVersion) async throws {
    try await withTwoStores(version) { store, other, etcd in
      let lease = await failure {
        try await store.withLease(ttl: .seconds(3)) { lease in
          try await etcd.revokeLease(lease.id.rawValue)
          try await untilCancelled()
        }
      }
      #expect(lease?.code == .leaseExpired)
      #expect((lease?.cause as? HoldfastError)?.code == .leaseNotFound)
      let lock = await failure {
        try await store.withLock(Self.name, ttl: .seconds(60)) { lock in
          try await etcd.revokeLease(lock.lease.id.rawValue)
          try await untilCancelled()
        }
      }
      #expect(lock?.code == .lockLost, "the key's deletion is noticed long before the next keep-alive")
      try await other.withLock(Self.name, ttl: .seconds(60)) { _ in }
    }
  }

  /// The network swallows everything: the body is stopped while the server still keeps the lease, and whoever waits gets the lock
  /// afterwards.
  @Test(arguments: EtcdVersion.allCases) func aCutOffHolderStopsBeforeTheServerLetsGo(version: EtcdVersion) async throws
  {
    try await withEtcd(version) { etcd in
      try await withTCPProxy(to: etcd.clientPort) { proxy in
        try await withStore(.etcd(endpoints: [proxy.url]) { $0.requestTimeout = .seconds(1) }, logger: .quiet) {
          store in
          try await withStore(.etcd(endpoints: [etcd.clientURL]), logger: .quiet) { other in
            let tokens = Shared<[Revision]>([])
            let waiting = Shared<Task<Void, any Error>?>(nil)
            let error = await failure {
              try await store.withLock(Self.name, ttl: .seconds(5)) { lock in
                tokens.withLock { $0.append(lock.token) }
                let waiter = Task {
                  try await other.withLock(Self.name, ttl: .seconds(60)) { lock in
                    tokens.withLock { $0.append(lock.token) }
                  }
                }
                waiting.withLock { $0 = waiter }
                proxy.pause()
                try? await untilCancelled()
                let kept = await Task { (try? await etcd.leases()) ?? [] }.value
                #expect(kept.contains(lock.lease.id.rawValue), "the server let the lease go first")
                #expect(tokens.withLock { $0.count } == 1)
              }
            }
            #expect(error?.code == .leaseExpired)
            try await waiting.withLock { $0 }?.value
            #expect(tokens.withLock { $0.count == 2 && $0[0] < $0[1] })
            proxy.resume()
          }
        }
      }
    }
  }

  /// The leader dies under a holder and somebody who waits: neither notices more than a delay.
  @Test(arguments: EtcdVersion.allCases) func theDeathOfTheLeaderCostsNoLock(version: EtcdVersion) async throws {
    try await withEtcdCluster(version) { cluster in
      try await withStore(.etcd(endpoints: cluster.endpoints), logger: .quiet) { first in
        try await withStore(.etcd(endpoints: cluster.endpoints.reversed()), logger: .quiet) { second in
          let tokens = Shared<[Revision]>([])
          try await withThrowingTaskGroup(of: Void.self) { group in
            try await first.withLock(Self.name, ttl: .seconds(8)) { lock in
              tokens.withLock { $0.append(lock.token) }
            }
            let waiter = try await first.withLock(Self.name, ttl: .seconds(8)) { lock in
              tokens.withLock { $0.append(lock.token) }
              let waiter = Task {
                try await second.withLock(Self.name, ttl: .seconds(8)) { lock in
                  tokens.withLock { $0.append(lock.token) }
                  return lock.token
                }
              }
              try await eventually(within: .seconds(30), "the other one waits") {
                try await first.backend.range(RangeRequest(.prefix("/locks/a/"))).count == 2
              }
              try await cluster.leader().kill()
              // Longer than the lease lives by itself, its extension by the new leader included.
              let end = ContinuousClock.now + .seconds(14)
              var writes = 0
              while ContinuousClock.now < end {
                if (try? await first.execute(items.put(Item(id: "a", n: 1)).if(lock.condition))) != nil { writes += 1 }
                try await Task.sleep(for: .milliseconds(200))
              }
              #expect(writes > 10)
              #expect(tokens.withLock { $0.count } == 2, "nobody else got it")
              return waiter
            }
            _ = try await waiter.value
            try await group.waitForAll()
          }
          let all = tokens.withLock { $0 }
          #expect(all.count == 3 && all == all.sorted())
        }
      }
    }
  }
}
