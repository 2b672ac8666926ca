import HoldfastCore
import HoldfastEtcd
import TestSupport
import Testing

@testable import Holdfast

/// etcd 3.5.0 to 3.5.4 crash when somebody gives up a transaction of reads that they are carrying out (etcd issue 14110): a
/// client that cancels must not take the server with it.
@Suite struct AbandonedReadTests {
  /// Long enough in the server to be given up in its midst.
  private let values = Keyspace<String>(prefix: "/values/") { String($0.prefix(5)) }

  @Test(arguments: EtcdVersion.allCases)
  func aServerOutlivesCancelledTransactions(version: EtcdVersion) async throws {
    try await withFilledEtcd(version) { etcd, backend in
      for _ in 0..<5 {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<4 { group.addTask { _ = try await backend.transact(reads) } }
          try await group.next()
          // The others are in the server's hands.
          group.cancelAll()
        }
        _ = try await etcd.revision
      }
    }
  }

  @Test(arguments: EtcdVersion.allCases)
  func aServerOutlivesDeadlines(version: EtcdVersion) async throws {
    try await withFilledEtcd(version, timeout: .milliseconds(30)) { etcd, backend in
      for _ in 0..<5 {
        await withTaskGroup(of: Void.self) { group in
          for _ in 0..<4 { group.addTask { _ = try? await backend.transact(reads) } }
        }
        _ = try await etcd.revision
      }
    }
  }

  /// The connection is closed when the last of them was answered.
  @Test(arguments: EtcdVersion.allCases)
  func aServerOutlivesClientsThatStop(version: EtcdVersion) async throws {
    try await withFilledEtcd(version) { etcd, _ in
      for _ in 0..<5 {
        let reads = reads
        try await withStore(.etcd(endpoints: [etcd.clientURL]) { $0.requestTimeout = .seconds(60) }, logger: .quiet) {
          store in
          try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { _ = try await store.backend.transact(reads) } }
            try await group.next()
            group.cancelAll()
          }
        }
        _ = try await etcd.revision
      }
    }
  }

  /// The server looks at every value, and answers with none.
  /// Whose connection was left for a member that may be quicker, and is still closing when everything ends.
  @Test(arguments: EtcdVersion.allCases)
  func aServerOutlivesClientsThatStopAfterADeadline(version: EtcdVersion) async throws {
    try await withFilledEtcd(version) { etcd, _ in
      for _ in 0..<5 {
        let reads = reads
        try await withStore(
          .etcd(endpoints: [etcd.clientURL]) { $0.requestTimeout = .milliseconds(30) }, logger: .quiet
        ) {
          store in
          await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { _ = try? await store.backend.transact(reads) } }
          }
        }
        _ = try await etcd.revision
      }
    }
  }

  private var reads: TransactionRequest {
    var range = RangeRequest(values.range)
    range.minModRevision = Revision(1 << 40)
    return TransactionRequest(success: Array(repeating: .range(range), count: 8))
  }

  private func withFilledEtcd(
    _ version: EtcdVersion, timeout: Duration = .seconds(60), _ body: (EtcdServer, any Backend) async throws -> Void
  ) async throws {
    try await withEtcd(version) { etcd in
      try await withStore(.etcd(endpoints: [etcd.clientURL]), logger: .quiet) { store in
        for start in stride(from: 10_000, to: 20_000, by: 100) {
          var transaction = Transaction()
          for number in start..<start + 100 { transaction.add(values.put("\(number) of many")) }
          _ = try await store.execute(transaction)
        }
      }
      try await withStore(.etcd(endpoints: [etcd.clientURL]) { $0.requestTimeout = timeout }, logger: .quiet) { store in
        try await body(etcd, store.backend)
      }
    }
  }
}
