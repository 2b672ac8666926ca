import HoldfastCore
import HoldfastEtcd
import HoldfastEtcdProtos
import SwiftProtobuf
import TestSupport
import Testing

/// Endpoints at which nobody can authenticate: the calls go to another one.
@Suite struct AuthenticatorTests {
  private static let bad: [(String, Result<String, RPCError>)] = [
    ("a page of a proxy", .failure(RPCError(.permissionDenied, "HTTP 403", progress: .unknown))),
    ("a proxy that wants a user", .failure(RPCError(.unauthenticated, "HTTP 401", progress: .unknown))),
    ("no etcd", .failure(RPCError(.unimplemented, "HTTP 404", progress: .unknown))),
    ("a page that is no gRPC", .failure(RPCError(.unknown, "text/html", progress: .unknown))),
    ("a leader that hands over", .failure(RPCError(.unknown, "raft proposal dropped", progress: .answered))),
    ("a member without a leader", .failure(RPCError(.unavailable, "etcdserver: no leader", progress: .answered))),
    ("a token that no header can have", .success("a\u{1}b")),
    ("no token", .success("")),
  ]

  @Test(arguments: bad, [true, false])
  func anotherEndpointIsAsked(_ bad: (name: String, answer: Result<String, RPCError>), writes: Bool) async throws {
    let wantsLeader = Shared(false)
    var configuration = EtcdConfiguration(endpoints: ["http://member0", "http://member1"])
    (configuration.user, configuration.password) = ("app", "secret")
    // A busy machine may take its time.
    (configuration.requestTimeout, configuration.connectTimeout) = (.seconds(60), .seconds(60))
    let etcd = EtcdBackend(configuration, time: .continuous) {
      (endpoint: Int) async throws(RPCError) -> any RPCConnection in
      ScriptedConnection { (call: RPCCall, _: [UInt8]) async throws(RPCError) -> [UInt8] in
        guard call.path.hasSuffix("Authenticate") else {
          if endpoint == 0 { throw RPCError(.internal, "sent without a token", progress: .answered) }
          return bytes(of: Etcdserverpb_PutResponse.with { $0.header.revision = 7 })
        }
        wantsLeader.withLock { $0 = $0 || call.metadata.contains { $0.name == "hasleader" } }
        let token = endpoint == 0 ? try bad.answer.get() : "good"
        return bytes(of: Etcdserverpb_AuthenticateResponse.with { $0.token = token })
      }
    }
    for _ in 0..<2 {
      let error = await failure {
        if writes {
          _ = try await etcd.put(PutRequest(key: "k", value: []))
        } else {
          _ = try await etcd.range(RangeRequest(.all))
        }
      }
      #expect(error == nil, "\(bad.name): \(String(describing: error))")
    }
    #expect(wantsLeader.value)
  }
}
