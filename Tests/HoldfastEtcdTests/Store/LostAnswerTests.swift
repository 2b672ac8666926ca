import Holdfast
import HoldfastEtcd
import TestSupport
import Testing

@testable import HoldfastTesting

/// Writes of which etcd's answer is lost on the way: what the caller is told, against what a witness sees in the server.
@Suite struct LostAnswerTests {
  struct Way: Sendable {
    let store: Store
    let etcd: EtcdServer
    let proxy: TCPProxy
    let backend: InterposedBackend

    /// The next write is carried out, and its connection cut before the answer has passed.
    func cutAfterApply() async throws {
      let before = try await etcd.revision
      backend.onTransact { request, base in
        guard isWrite(request) else { return try await base.transact(request) }
        proxy.pause(.toClient)
        async let answer = base.transact(request)
        try await eventually(within: .seconds(60), "the server has applied it") { try await etcd.revision > before }
        await proxy.cut()
        proxy.resume(.toClient)
        return try await answer
      }
    }

    /// Another writer comes first, and the answer to the next write does not pass until its sender gives up.
    func comeFirst(_ key: String, _ value: [UInt8]) {
      backend.onTransact { request, base in
        guard isWrite(request) else { return try await base.transact(request) }
        try await etcd.put(key: key, bytes: value)
        proxy.pause(.toClient)
        do {
          return try await base.transact(request)
        } catch {
          await proxy.cut()
          proxy.resume(.toClient)
          throw error
        }
      }
    }
  }

  /// - Parameter patience: For how long an answer is waited for that never comes; the others come on busy machines too.
  func withWay(
    _ version: EtcdVersion, patience: Duration = .seconds(30), _ body: (Way) async throws -> Void
  ) async throws {
    try await withEtcd(version) { etcd in
      try await withTCPProxy(to: etcd.clientPort) { proxy in
        try await withStore(.etcd(endpoints: [proxy.url]) { $0.requestTimeout = patience }, logger: .quiet) {
          outer in
          // For busy machines.
          var resolution = ResolutionConfiguration()
          (resolution.timeout, resolution.attempts) = (.seconds(60), 8)
          let backend = InterposedBackend(outer.backend)
          let store = Store(backend: backend, logger: .quiet, resolution: resolution)
          try await body(Way(store: store, etcd: etcd, proxy: proxy, backend: backend))
        }
      }
    }
  }

  @Test(arguments: EtcdVersion.allCases)
  func aCreateWithATimeToLiveSucceeds(version: EtcdVersion) async throws {
    try await withWay(version) { way in
      let before = try await way.etcd.revision
      try await way.cutAfterApply()
      let created = try await way.store.execute(items.create(Item(id: "a", n: 1)).ttl(.seconds(600)))
      let entry = try #require(try await way.etcd.get(key: "/t/items/a"))
      #expect(entry.version == 1 && entry.modRevision == before + 1)
      #expect(created.modRevision == Revision(entry.modRevision) && created.version == 1)
      #expect(created.lease == LeaseID(entry.lease))
      #expect(try await way.etcd.revision == before + 1, "it was applied once")
      #expect(try await way.etcd.leases() == [entry.lease])
      try await way.cutAfterApply()
      let update = items.update(created) { $0.n = 2 }.ttl(.seconds(600)).returningPrevious()
      let updated = try await way.store.execute(update)
      #expect(updated.version == 2 && updated.modRevision == Revision(before + 2))
      #expect(try updated.previous() == created)
      #expect(try await way.etcd.revision == before + 2, "it was applied once")
    }
  }

  @Test(arguments: EtcdVersion.allCases)
  func anUpdateWithNothingUniqueIsUnknown(version: EtcdVersion) async throws {
    try await withWay(version) { way in
      let stored = try await way.store.execute(items.create(Item(id: "a", n: 1)))
      let before = try await way.etcd.revision
      try await way.cutAfterApply()
      let error = await #expect(throws: HoldfastError.self) {
        try await way.store.execute(items.update(stored) { $0.n = 2 })
      }
      #expect(error?.outcome == .unknown)
      let entry = try await way.etcd.get(key: "/t/items/a")
      #expect(entry?.version == 2, "it was applied, which nothing proves to be ours")
      #expect(try await way.etcd.revision == before + 1, "it was applied once")
    }
  }

  @Test(arguments: EtcdVersion.allCases)
  func anUpdateThatAnotherWriterOvertookIsRefused(version: EtcdVersion) async throws {
    try await withWay(version, patience: .seconds(8)) { way in
      let stored = try await way.store.execute(items.create(Item(id: "a", n: 1)))
      let before = try await way.etcd.revision
      way.comeFirst("/t/items/a", try items.encode(Item(id: "a", n: 7)))
      let error = await #expect(throws: HoldfastError.self) {
        try await way.store.execute(items.update(stored) { $0.n = 2 }.ttl(.seconds(600)))
      }
      #expect(error?.code == .revisionMismatch)
      #expect(error?.outcome == .refused)
      let current = try error?.current(in: items)
      #expect(current?.value.n == 7)
      #expect(current?.modRevision == Revision(before + 1))
      #expect(try await way.etcd.revision == before + 1, "the other write alone")
      #expect(try await way.etcd.leases() == [], "the lease of the refused write is revoked")
    }
  }
}

private func isWrite(_ request: TransactionRequest) -> Bool {
  request.success.contains { if case .range = $0 { false } else { true } }
}
