import Holdfast
import HoldfastEtcd
import HoldfastEtcdProtos
import HoldfastTesting
import SwiftProtobuf
import TestSupport
import Testing

/// What becomes of leases while members do not answer.
@Suite struct LeaseFailOverTests {
  private static let header = Etcdserverpb_ResponseHeader.with { $0.revision = 7 }

  private static func grant(_ message: [UInt8]) -> [UInt8] {
    let request = try? Etcdserverpb_LeaseGrantRequest(serializedBytes: message)
    return bytes(
      of: Etcdserverpb_LeaseGrantResponse.with {
        $0.header = header
        $0.id = request?.id ?? 0
        $0.ttl = request?.ttl ?? 0
      })
  }

  private static func keepAlive(_ message: [UInt8]) -> [UInt8] {
    let request = try? Etcdserverpb_LeaseKeepAliveRequest(serializedBytes: message)
    return bytes(
      of: Etcdserverpb_LeaseKeepAliveResponse.with {
        $0.header = header
        $0.id = request?.id ?? 0
        $0.ttl = 3
      })
  }

  /// One member of three hangs: its silence must not use up the time of a short lease. The first attempt of a call with the usual
  /// limit would.
  @Test func aHungMemberCostsNoShortLease() async throws {
    let clock = ManualClock()
    let kept = Shared<[(endpoint: Int, limit: Duration)]>([])
    let etcd = EtcdBackend.scripted(endpoints: 3, requestTimeout: .seconds(10), time: TimeSource(clock)) {
      (endpoint: Int) async throws(RPCError) -> any RPCConnection in
      ScriptedConnection { (call: RPCCall, message: [UInt8]) async throws(RPCError) -> [UInt8] in
        guard call.path.hasSuffix("LeaseKeepAlive") else { return Self.grant(message) }
        let limit = call.timeout ?? .seconds(60)
        kept.withLock { $0.append((endpoint, limit)) }
        guard endpoint == 0 else { return Self.keepAlive(message) }
        try? await clock.sleep(until: clock.now.advanced(by: limit), tolerance: nil)
        throw RPCError(.deadlineExceeded, "nothing came", progress: .unknown)
      }
    }
    let store = Store(backend: etcd, logger: .quiet)
    var configuration = LeaseConfiguration()
    configuration.time = TimeSource(clock)
    try await store.withLease(ttl: .seconds(3), configuration: configuration) { _ in
      // The keeper's sleep until a third of the time.
      await clock.waitForSleepers()
      clock.advance(by: .seconds(1))
      try await eventually("the first member is asked") { kept.withLock { !$0.isEmpty } }
      let limit = kept.withLock { $0[0].limit }
      #expect(limit < .seconds(1), "another attempt is in time")
      await clock.waitForSleepers(1, until: clock.now.advanced(by: limit))
      clock.advance(by: limit)
      try await eventually("a member has kept it alive") {
        // It may wait a little between attempts.
        clock.advance(by: .milliseconds(1))
        return kept.withLock { $0.count > 1 }
      }
    }
    #expect(kept.withLock { $0.prefix(2).map(\.endpoint) } == [0, 1])
  }

  /// It was granted, and nobody will know its id.
  @Test func aGrantThatIsNotConfirmedIsAbandoned() async throws {
    let seen = Shared<(granted: [Int64], revoked: [Int64])>(([], []))
    let etcd = EtcdBackend.scripted { (_: Int) async throws(RPCError) -> any RPCConnection in
      ScriptedConnection { (call: RPCCall, message: [UInt8]) async throws(RPCError) -> [UInt8] in
        switch call.path.split(separator: "/").last {
        case "LeaseGrant":
          let id = (try? Etcdserverpb_LeaseGrantRequest(serializedBytes: message))?.id ?? 0
          let count = seen.withLock { seen in
            seen.granted.append(id)
            return seen.granted.count
          }
          throw count == 1
            ? RPCError(.unavailable, "lost", progress: .unknown)
            : RPCError(.failedPrecondition, "etcdserver: lease already exists", progress: .answered)
        case "LeaseRevoke":
          let id = (try? Etcdserverpb_LeaseRevokeRequest(serializedBytes: message))?.id ?? 0
          seen.withLock { $0.revoked.append(id) }
          return bytes(of: Etcdserverpb_LeaseRevokeResponse.with { $0.header = Self.header })
        default: throw RPCError(.permissionDenied, "etcdserver: permission denied", progress: .answered)
        }
      }
    }
    let error = await failure { try await etcd.grantLease(id: nil, ttl: .seconds(30)) }
    #expect(error?.code == .permissionDenied && error?.outcome == .applied)
    try await eventually("it is revoked") { seen.withLock { !$0.revoked.isEmpty } }
    #expect(seen.withLock { $0.revoked == [$0.granted[0]] })
  }
}
