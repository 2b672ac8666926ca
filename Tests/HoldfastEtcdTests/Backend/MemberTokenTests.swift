import HoldfastCore
import HoldfastEtcd
import HoldfastEtcdProtos
import SwiftProtobuf
import TestSupport
import Testing

/// Tokens on connections that others share, and to members that have forgotten or never give them.
@Suite struct MemberTokenTests {
  private static let header = Etcdserverpb_ResponseHeader.with { $0.revision = 7 }
  private static let oldToken = RPCError(.unauthenticated, "etcdserver: invalid auth token", progress: .answered)
  private static let wrongPassword = RPCError(
    .invalidArgument, "etcdserver: authentication failed, invalid user ID or password", progress: .answered)

  /// A backend of two members with a user, and what it connects to and how often it authenticates.
  private final class Members: Sendable {
    let connected = Shared<[Int]>([])
    let authentications = Shared(0)
    let calls = Shared(0)

    func backend(
      authenticate: @escaping @Sendable () async throws(RPCError) -> Void = { () async throws(RPCError) in },
      answer: @escaping @Sendable (_ count: Int, RPCCall) async throws(RPCError) -> [UInt8]
    ) -> EtcdBackend {
      var configuration = EtcdConfiguration(endpoints: ["http://member0", "http://member1"])
      (configuration.user, configuration.password) = ("u", "p")
      configuration.allowsPlaintextCredentials = true
      return EtcdBackend(configuration, time: .continuous) {
        (endpoint: Int) async throws(RPCError) -> any RPCConnection in
        self.connected.withLock { $0.append(endpoint) }
        return ScriptedConnection { (call: RPCCall, _: [UInt8]) async throws(RPCError) -> [UInt8] in
          guard call.path.hasSuffix("/Authenticate") else {
            let count = self.calls.withLock {
              $0 += 1
              return $0
            }
            return try await answer(count, call)
          }
          self.authentications.withLock { $0 += 1 }
          try await authenticate()
          return bytes(
            of: Etcdserverpb_AuthenticateResponse.with {
              $0.header = MemberTokenTests.header
              $0.token = "t"
            })
        }
      }
    }
  }

  @Test func aWrongPasswordLeavesTheConnectionToOthers() async {
    let members = Members()
    let etcd = members.backend { () async throws(RPCError) in
      throw Self.wrongPassword
    } answer: { (_: Int, _: RPCCall) async throws(RPCError) -> [UInt8] in
      []
    }
    for _ in 0..<2 {
      let error = await failure { for try await _ in etcd.watch(WatchRequest(.all)) {} }
      #expect(error?.code == .unauthenticated)
    }
    #expect(members.connected.value == [0])
    for _ in 0..<2 {
      let path = "/tmp/holdfast-\(UInt64.random(in: 0 ... .max))"
      #expect(await failure { try await etcd.maintenance.snapshot(of: "http://member0", to: path) } != nil)
    }
    #expect(members.connected.value == [0, 0], "one for watches, one for maintenance")
  }

  @Test func aCancelledWatchLeavesTheConnectionToOthers() async throws {
    let members = Members()
    let etcd = members.backend { () async throws(RPCError) in
      do { try await Task.sleep(for: .seconds(600)) } catch {
        throw RPCError(.cancelled, "cancelled", progress: .unknown)
      }
    } answer: { (_: Int, _: RPCCall) async throws(RPCError) -> [UInt8] in
      []
    }
    for count in 1...2 {
      let watch = Task { for try await _ in etcd.watch(WatchRequest(.all)) {} }
      try await eventually("it authenticates") { members.authentications.value == count }
      watch.cancel()
      _ = await watch.result
    }
    #expect(members.connected.value == [0])
  }

  /// Each has a remedy of its own.
  @Test func aDeadConnectionAndThenAnOldToken() async throws {
    let members = Members()
    let etcd = members.backend { (count: Int, _: RPCCall) async throws(RPCError) -> [UInt8] in
      if count == 1 { throw RPCError(.unavailable, "GOAWAY", progress: .notProcessed) }
      if count == 2 { throw Self.oldToken }
      return bytes(of: Etcdserverpb_HashKVResponse.with { $0.header = Self.header })
    }
    _ = try await etcd.maintenance.hashKV(of: "http://member0")
    #expect(members.authentications.value == 2)
    #expect(members.calls.value == 3)
  }

  /// A member that was started again has forgotten its tokens.
  @Test func aStreamIsOpenedAgainWithAnotherToken() async throws {
    let members = Members()
    let etcd = members.backend { (count: Int, _: RPCCall) async throws(RPCError) -> [UInt8] in
      if count == 1 { throw Self.oldToken }
      return bytes(of: Etcdserverpb_SnapshotResponse.with { $0.remainingBytes = 9 })
    }
    let path = "/tmp/holdfast-\(UInt64.random(in: 0 ... .max))"
    let error = await failure { try await etcd.maintenance.snapshot(of: "http://member0", to: path) }
    #expect(error?.code == .timeout, "the script has one message only")
    #expect(members.authentications.value == 2)
    #expect(members.calls.value == 2)
  }

  @Test func aStreamWhoseTokensAreAllRefusedEnds() async throws {
    let members = Members()
    let etcd = members.backend { (_: Int, _: RPCCall) async throws(RPCError) -> [UInt8] in throw Self.oldToken }
    let path = "/tmp/holdfast-\(UInt64.random(in: 0 ... .max))"
    let error = await failure { try await etcd.maintenance.snapshot(of: "http://member0", to: path) }
    #expect(error?.code == .unauthenticated)
    #expect(members.calls.value == 2)
  }

  /// A learner authenticates nobody, and tells everybody how it is.
  @Test func statusNeedsNoToken() async throws {
    let members = Members()
    let etcd = members.backend { () async throws(RPCError) in
      throw RPCError(.unavailable, "etcdserver: rpc not supported for learner", progress: .answered)
    } answer: { (_: Int, call: RPCCall) async throws(RPCError) -> [UInt8] in
      #expect(call.token == nil)
      return bytes(of: Etcdserverpb_StatusResponse.with { $0.header = Self.header })
    }
    _ = try await etcd.maintenance.status(of: "http://member0")
    #expect(members.authentications.value == 0)
  }
}
