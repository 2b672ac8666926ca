import HoldfastCore
import HoldfastEtcd
import HoldfastEtcdProtos
import SwiftProtobuf
import TestSupport
import Testing

/// Every method of the client, whose first answer is lost or whose first member turns it away: what reads is asked again, what
/// writes is not, unless nobody looked at it.
@Suite struct RetryByMethodTests {
  struct Method: Sendable, CustomTestStringConvertible {
    var name: String
    var isRepeated: Bool
    var call: @Sendable (EtcdBackend) async throws -> Void
    var testDescription: String { name }

    init(_ name: String, repeated: Bool, _ call: @escaping @Sendable (EtcdBackend) async throws -> Void) {
      (self.name, isRepeated, self.call) = (name, repeated, call)
    }
  }

  static let methods = [
    Method("Range", repeated: true) { _ = try await $0.range(RangeRequest(.all)) },
    Method("Txn", repeated: true) { _ = try await $0.transact(TransactionRequest(success: [])) },
    Method("Put", repeated: false) { _ = try await $0.put(PutRequest(key: "k", value: [])) },
    Method("DeleteRange", repeated: false) { _ = try await $0.deleteRange(DeleteRangeRequest(.all)) },
    Method("Txn", repeated: false) {
      _ = try await $0.transact(TransactionRequest(success: [.deleteRange(DeleteRangeRequest(.all))]))
    },
    Method("Compact", repeated: false) { _ = try await $0.compact(CompactRequest(Revision(1))) },
    Method("LeaseGrant", repeated: true) { _ = try await $0.grantLease(id: nil, ttl: .seconds(9)) },
    Method("LeaseGrant", repeated: false) { _ = try await $0.grantLease(id: LeaseID(1), ttl: .seconds(9)) },
    Method("LeaseRevoke", repeated: false) { _ = try await $0.revokeLease(LeaseID(1)) },
    Method("LeaseTimeToLive", repeated: true) { _ = try await $0.timeToLive(of: LeaseID(1), keys: false) },
    Method("LeaseLeases", repeated: true) { _ = try await $0.leases() },
    Method("MemberList", repeated: true) { _ = try await $0.cluster.members() },
    Method("MemberAdd", repeated: false) { _ = try await $0.cluster.addMember(peerURLs: ["http://a:1"]) },
    Method("MemberPromote", repeated: false) { _ = try await $0.cluster.promoteMember(1) },
    Method("MemberUpdate", repeated: false) { _ = try await $0.cluster.updateMember(1, peerURLs: ["http://a:1"]) },
    Method("MemberRemove", repeated: false) { _ = try await $0.cluster.removeMember(1) },
    Method("Status", repeated: true) { _ = try await $0.status() },
    Method("Alarm", repeated: true) { _ = try await $0.maintenance.alarms() },
    Method("Alarm", repeated: true) { try await $0.maintenance.disarm(EtcdAlarm(memberID: 1, kind: .noSpace)) },
  ]

  private static let lost = RPCError(.unavailable, "the connection was lost", progress: .unknown)
  private static let learner = RPCError(
    .unavailable, "etcdserver: rpc not supported for learner", progress: .answered)

  @Test(arguments: methods) func aLostAnswer(_ method: Method) async throws {
    let (error, calls) = await run(method, first: Self.lost)
    #expect(calls == (method.isRepeated ? 2 : 1))
    guard !method.isRepeated else { return }
    #expect(error?.code == .unavailable)
    #expect(error?.outcome == .unknown)
  }

  @Test(arguments: methods) func aMemberThatTurnsItAway(_ method: Method) async throws {
    #expect(await run(method, first: Self.learner).calls == 2)
  }

  /// A follower passes a promotion on to the leader, and may say "no leader" after it did.
  @Test(arguments: methods) func aMemberWithoutALeader(_ method: Method) async throws {
    let noLeader = RPCError(.unavailable, "etcdserver: no leader", progress: .answered)
    let (error, calls) = await run(method, first: noLeader)
    let isForwarded = method.name == "MemberPromote"
    #expect(calls == (isForwarded ? 1 : 2))
    if isForwarded { #expect(error?.outcome == .unknown) }
  }

  /// What one member is asked is asked once.
  @Test(arguments: [lost, learner]) func oneMember(_ error: RPCError) async throws {
    let methods = [
      Method("Status", repeated: false) { _ = try await $0.maintenance.status(of: "http://member0") },
      Method("Defragment", repeated: false) { try await $0.maintenance.defragment("http://member0") },
      Method("Hash", repeated: false) { _ = try await $0.maintenance.hash(of: "http://member0") },
      Method("HashKV", repeated: false) { _ = try await $0.maintenance.hashKV(of: "http://member0") },
    ]
    for method in methods { #expect(await run(method, first: error).calls == 1, "\(method.name)") }
  }

  /// Calls the method on two members, of which the first fails once in the given way, and every later answer refuses.
  private func run(_ method: Method, first: RPCError) async -> (error: HoldfastError?, calls: Int) {
    let calls = Shared(0)
    let etcd = EtcdBackend.scripted(endpoints: 2) { (_: Int) async throws(RPCError) -> any RPCConnection in
      ScriptedConnection { (call: RPCCall, _: [UInt8]) async throws(RPCError) -> [UInt8] in
        guard call.path.hasSuffix("/\(method.name)") else {
          // Some look at the members before.
          guard call.path.hasSuffix("/MemberList") else { throw Self.refusal }
          return bytes(of: Etcdserverpb_MemberListResponse.with { $0.header = .init() })
        }
        let count = calls.withLock {
          $0 += 1
          return $0
        }
        throw count == 1 ? first : Self.refusal
      }
    }
    let error = await failure { try await method.call(etcd) }
    return (error, calls.value)
  }

  private static let refusal = RPCError(.invalidArgument, "etcdserver: refused", progress: .answered)
}
