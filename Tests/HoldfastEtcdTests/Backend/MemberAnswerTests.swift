import HoldfastCore
import HoldfastEtcd
import HoldfastEtcdProtos
import SwiftProtobuf
import TestSupport
import Testing

/// What single members are asked, where they answer strangely.
@Suite struct MemberAnswerTests {
  private static let header = Etcdserverpb_ResponseHeader.with {
    $0.revision = 7
    $0.memberID = 1
  }

  /// A member that answers as if it were the leader gets no more than a question.
  @Test func aLeaderIsSoughtOnlyWhereCallsMayGo() async {
    let (connected, moves) = (Shared<[Int]>([]), Shared(0))
    let configuration = EtcdConfiguration(endpoints: ["https://member0"])
    let etcd = EtcdBackend(configuration, time: .continuous) {
      (endpoint: Int) async throws(RPCError) -> any RPCConnection in
      connected.withLock { $0.append(endpoint) }
      return ScriptedConnection { (call: RPCCall, _: [UInt8]) async throws(RPCError) -> [UInt8] in
        if call.path.hasSuffix("MemberList") { return bytes(of: Self.members) }
        if call.path.hasSuffix("MoveLeader") { moves.withLock { $0 += 1 } }
        return bytes(
          of: Etcdserverpb_StatusResponse.with {
            $0.header = Self.header
            $0.header.memberID = endpoint == 0 ? 1 : 3
            $0.leader = endpoint == 0 ? 2 : 3
          })
      }
    }
    let error = await failure { try await etcd.maintenance.moveLeader(to: 1) }
    #expect(error?.code == .unavailable)
    #expect(error?.outcome == .refused)
    #expect(Set(connected.value) == [0, 1], "only the last URL may be asked")
    #expect(moves.value == 0, "it is another member")
  }

  private static let members = Etcdserverpb_MemberListResponse.with {
    $0.header = header
    $0.members = [
      .with {
        $0.id = 2
        $0.clientUrls = [
          "http://plain:2379", "https://0.0.0.0:2379", "https://localhost:2379", "https://another:2379",
        ]
      }
    ]
  }

  @Test func aMemberThatDoesNotAnswerIsNamed() async {
    let etcd = EtcdBackend.scripted { (_: Int) async throws(RPCError) -> any RPCConnection in
      ScriptedConnection { (_: RPCCall, _: [UInt8]) async throws(RPCError) -> [UInt8] in
        throw RPCError(.deadlineExceeded, "late", progress: .unknown)
      }
    }
    let error = await failure { try await etcd.put(PutRequest(key: "/a", value: [])) }
    #expect(error?.code == .timeout && error?.outcome == .unknown)
    #expect(error?.message == "http://member0:2379 did not answer in time", "\(String(describing: error))")
  }

  @Test func endpointsWithoutEndAreRefused() async {
    let etcd = EtcdBackend.answering(Etcdserverpb_StatusResponse.with { $0.header = Self.header })
    for number in 0..<1_024 { _ = await failure { try await etcd.maintenance.status(of: "http://x\(number)") } }
    #expect(await failure { try await etcd.maintenance.status(of: "http://another") }?.code == .invalidArgument)
    #expect(await failure { try await etcd.maintenance.status(of: "http://x1") } == nil)
  }

  /// The alarms were there, and are gone, whatever the answer of a second attempt says.
  @Test func disarmingAllTellsWhatThereWas() async throws {
    let etcd = EtcdBackend.scripted { (_: Int) async throws(RPCError) -> any RPCConnection in
      ScriptedConnection { (_: RPCCall, message: [UInt8]) async throws(RPCError) -> [UInt8] in
        let request = try? Etcdserverpb_AlarmRequest(serializedBytes: message)
        guard request?.action == .get else { return bytes(of: Etcdserverpb_AlarmResponse()) }
        return bytes(
          of: Etcdserverpb_AlarmResponse.with {
            $0.alarms = [
              .with {
                $0.memberID = 1
                $0.alarm = .nospace
              }
            ]
          })
      }
    }
    #expect(try await etcd.maintenance.disarmAll() == [EtcdAlarm(memberID: 1, kind: .noSpace)])
  }
}
