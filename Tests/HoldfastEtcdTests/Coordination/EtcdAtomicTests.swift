import Holdfast
import HoldfastEtcd
import TestSupport
import Testing

/// Transactions in memory on real servers.
@Suite struct EtcdAtomicTests {
  /// Money is moved, accounts are opened and closed; every range read, at any moment, finds the same sum.
  @Test(arguments: EtcdVersion.allCases) func theSumStays(version: EtcdVersion) async throws {
    try await withTwoStores(version) { first, second, etcd in
      for index in 0..<4 { try await first.execute(items.put(Item(id: "\(index)", n: 100))) }
      let commits = Shared(0)
      var configuration = AtomicConfiguration()
      configuration.attempts = 1_000
      let settings = configuration
      try await withThrowingTaskGroup(of: Void.self) { group in
        for worker in 0..<4 {
          let store = worker % 2 == 0 ? first : second
          group.addTask {
            for round in 0..<10 {
              try await store.atomically(configuration: settings) { tx in
                let accounts = try await tx.list(items)
                #expect(accounts.reduce(0) { $0 + $1.value.n } == 400)
                guard let from = accounts.randomElement() else { return }
                switch (worker + round) % 3 {
                case 0:
                  guard accounts.count > 1, let to = accounts.first(where: { $0.key != from.key }) else { return }
                  try tx.delete(items, from.key)
                  try tx.put(items, Item(id: to.value.id, n: to.value.n + from.value.n))
                case 1:
                  let half = from.value.n / 2
                  try tx.put(items, Item(id: from.value.id, n: from.value.n - half))
                  try tx.put(items, Item(id: "\(worker)-\(round)", n: half))
                default:
                  guard let to = accounts.randomElement(), to.key != from.key else { return }
                  try tx.put(items, Item(id: from.value.id, n: from.value.n - 1))
                  try tx.put(items, Item(id: to.value.id, n: to.value.n + 1))
                }
              }
              commits.withLock { $0 += 1 }
            }
          }
        }
        try await group.waitForAll()
      }
      let entries = try await etcd.list(prefix: "/t/items/")
      let sum = try entries.reduce(0) { try $0 + items.codec.decode($1.value).n }
      #expect(sum == 400)
      #expect(commits.withLock { $0 } == 40)
    }
  }

  @Test(arguments: EtcdVersion.allCases) func conditionsAloneAreChecked(version: EtcdVersion) async throws {
    try await withTwoStores(version) { store, _, _ in
      try await store.execute(items.put(Item(id: "a", n: 1)))
      try await store.atomically { tx in try tx.require(.exists(items.storeKey(for: "a"))) }
      let error = await failure {
        try await store.atomically { tx in try tx.require(.missing(items.storeKey(for: "a"))) }
      }
      #expect(error?.code == .constraintViolated)
    }
  }
}
