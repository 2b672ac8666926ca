/// Asking the server through its JSON gateway.
extension EtcdServer {
  /// A key as the server holds it.
  package struct Entry: Sendable, Hashable {
    package var key: String
    package var value: [UInt8]
    package var createRevision: Int64
    package var modRevision: Int64
    package var version: Int64
    package var lease: Int64

    package var text: String { String(decoding: value, as: UTF8.self) }
  }

  package struct Status: Sendable, Hashable {
    package var memberID: UInt64
    /// The member id of the leader; 0 for none.
    package var leader: UInt64
    package var version: String
    package var raftTerm: UInt64
  }

  /// Puts a value and returns its revision.
  @discardableResult
  package func put(key: String, value: String, lease: Int64 = 0) async throws -> Int64 {
    try await put(key: key, bytes: Array(value.utf8), lease: lease)
  }

  /// Puts bytes and returns their revision.
  @discardableResult
  package func put(key: String, bytes: [UInt8], lease: Int64 = 0) async throws -> Int64 {
    let request = Gateway.Put(key: .init(key), value: .init(bytes), lease: "\(lease)")
    return try await gateway.call("/v3/kv/put", request, as: Gateway.Reply.self).header.revision.value
  }

  package func get(key: String) async throws -> Entry? {
    let request = Gateway.Range(key: .init(key))
    return try await gateway.call("/v3/kv/range", request, as: Gateway.RangeReply.self).kvs?.first?.entry
  }

  /// Everything under a prefix, in key order. The empty prefix means the whole store.
  package func list(prefix: String) async throws -> [Entry] {
    let request = Gateway.Range(prefix: prefix)
    return try await gateway.call("/v3/kv/range", request, as: Gateway.RangeReply.self).kvs?.map(\.entry) ?? []
  }

  /// Deletes everything under a prefix and returns how much that was.
  @discardableResult
  package func deletePrefix(_ prefix: String) async throws -> Int {
    let request = Gateway.Range(prefix: prefix)
    return Int(try await gateway.call("/v3/kv/deleterange", request, as: Gateway.DeleteReply.self).deleted?.value ?? 0)
  }

  /// Whether it answers a linearizable read within a second.
  package func servesReads() async -> Bool {
    let gateway = Gateway(port: clientPort, timeout: .seconds(1), administrator: administrator)
    let request = Gateway.Range(key: .init("\0"))
    return (try? await gateway.call("/v3/kv/range", request, as: Gateway.Reply.self)) != nil
  }

  /// The store's revision, by a linearizable read.
  package var revision: Int64 {
    get async throws {
      let request = Gateway.Range(key: .init("\0"))
      return try await gateway.call("/v3/kv/range", request, as: Gateway.Reply.self).header.revision.value
    }
  }

  /// Drops the history below a revision.
  package func compact(revision: Int64) async throws {
    let request = Gateway.Compact(revision: "\(revision)", physical: true)
    _ = try await gateway.call("/v3/kv/compaction", request, as: Gateway.Reply.self)
  }

  /// Grants a lease with an id of the server's choice.
  package func grantLease(ttl seconds: Int64) async throws -> Int64 {
    let request = Gateway.Grant(ttl: "\(seconds)")
    return try await gateway.call("/v3/lease/grant", request, as: Gateway.Lease.self).id.value
  }

  package func revokeLease(_ id: Int64) async throws {
    _ = try await gateway.call("/v3/lease/revoke", Gateway.Lease(id: .init(id)), as: Gateway.Reply.self)
  }

  /// The ids of all leases that are alive.
  package func leases() async throws -> [Int64] {
    let reply = try await gateway.call("/v3/lease/leases", Gateway.Empty(), as: Gateway.LeasesReply.self)
    return reply.leases?.map(\.id.value) ?? []
  }

  /// What the member says of itself; answered without a leader too.
  package func status(timeout: Duration = .seconds(5)) async throws -> Status {
    let reply = try await Gateway(port: clientPort, timeout: timeout, administrator: administrator)
      .call("/v3/maintenance/status", Gateway.Empty(), as: Gateway.StatusReply.self)
    return Status(
      memberID: reply.header.memberID.value, leader: reply.leader?.value ?? 0, version: reply.version,
      raftTerm: reply.raftTerm?.value ?? 0)
  }

  /// A token as the server hands it to clients; nil where nobody needs one.
  package func token() async throws -> String? { try await gateway.authorization() }

  var gateway: Gateway { Gateway(port: clientPort, administrator: administrator) }
}
