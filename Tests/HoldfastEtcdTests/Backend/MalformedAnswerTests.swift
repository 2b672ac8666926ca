import HoldfastCore
import HoldfastEtcd
import HoldfastEtcdProtos
import SwiftProtobuf
import Testing

/// A server that answers OK and nonsense: never a trap, and the outcome is what can be known.
@Suite struct MalformedAnswerTests {
  private static let header = Etcdserverpb_ResponseHeader.with { $0.revision = 7 }

  @Test func anAnswerWithoutAHeader() async {
    let etcd = EtcdBackend.answering(Etcdserverpb_RangeResponse())
    let read = await failure { try await etcd.range(RangeRequest(.all)) }
    #expect(read?.code == .protocolViolation)
    #expect(read?.outcome == nil)
    let write = await failure { try await etcd.put(PutRequest(key: "k", value: [])) }
    #expect(write?.code == .protocolViolation)
    #expect(write?.outcome == .unknown)
  }

  /// etcd has no empty key, and answers made of nothing else cost much memory for their bytes.
  @Test func keyValuesWithoutAKey() async {
    func etcd(_ message: some Message & Sendable) -> EtcdBackend { .answering(message) }
    let list = etcd(
      Etcdserverpb_RangeResponse.with {
        $0.header = Self.header
        $0.kvs = [.init()]
      })
    let read = await failure { try await list.range(RangeRequest(.all)) }
    #expect(read?.code == .protocolViolation)
    #expect(read?.message.contains("without a key") == true)
    let put = etcd(
      Etcdserverpb_PutResponse.with {
        $0.header = Self.header
        $0.prevKv = .init()
      })
    let write = await failure { try await put.put(PutRequest(key: "k", value: [], previous: true)) }
    #expect(write?.code == .protocolViolation)
    #expect(write?.outcome == .applied)
  }

  @Test func bytesThatAreNoMessage() async {
    let etcd = EtcdBackend.scripted { (_: Int) async throws(RPCError) -> any RPCConnection in
      ScriptedConnection { (_: RPCCall, _: [UInt8]) async throws(RPCError) -> [UInt8] in [0xFF, 0xFF, 0xFF] }
    }
    #expect(await failure { try await etcd.range(RangeRequest(.all)) }?.code == .protocolViolation)
    #expect(await failure { try await etcd.put(PutRequest(key: "k", value: [])) }?.outcome == .unknown)
    #expect(await failure { try await etcd.status() }?.code == .protocolViolation)
    #expect(await failure { try await etcd.leases() }?.code == .protocolViolation)
  }

  /// Whatever the method: neither no message nor an empty one is an answer.
  @Test(arguments: RetryByMethodTests.methods, [[], [0xFF, 0xFF]] as [[UInt8]])
  func everyMethod(_ method: RetryByMethodTests.Method, _ answer: [UInt8]) async {
    // Of these, an empty message is one that says "nothing".
    guard !(answer.isEmpty && ["LeaseLeases", "Alarm"].contains(method.name)) else { return }
    let etcd = EtcdBackend.scripted { (_: Int) async throws(RPCError) -> any RPCConnection in
      ScriptedConnection { (_: RPCCall, _: [UInt8]) async throws(RPCError) -> [UInt8] in answer }
    }
    let error = await failure { try await method.call(etcd) }
    #expect(error?.code == .protocolViolation)
    // It looks at the members first, and goes no further.
    let outcome: HoldfastError.Outcome = method.name == "MemberUpdate" ? .refused : .unknown
    #expect(method.isRepeated || error?.outcome == outcome)
  }

  @Test func transactionsWithTheWrongAnswers() async {
    let request = TransactionRequest(
      success: [.put(PutRequest(key: "k", value: [])), .range(RangeRequest(.all))], failure: [])
    let put = Etcdserverpb_ResponseOp.with { $0.responsePut = .init() }
    let answers: [[Etcdserverpb_ResponseOp]] = [
      [], [put], [put, put, put], [put, put], [put, Etcdserverpb_ResponseOp()],
      [put, .with { $0.responseTxn = .init() }],
    ]
    for responses in answers {
      let etcd = EtcdBackend.answering(
        Etcdserverpb_TxnResponse.with {
          $0.header = Self.header
          $0.succeeded = true
          $0.responses = responses
        })
      let error = await failure { try await etcd.transact(request) }
      #expect(error?.code == .protocolViolation)
      #expect(error?.outcome == .applied)
      #expect(error?.revision == 7)
    }
  }

  @Test func aTransactionThatOnlyReadsHasNoOutcome() async {
    let etcd = EtcdBackend.answering(Etcdserverpb_TxnResponse())
    let request = TransactionRequest(compares: [Compare(key: "k", .version(1))], success: [.range(RangeRequest(.all))])
    let error = await failure { try await etcd.transact(request) }
    #expect(error?.code == .protocolViolation)
    #expect(error?.outcome == nil)
  }

  @Test func keepAlive() async {
    let dead = Etcdserverpb_LeaseKeepAliveResponse.with {
      $0.header = Self.header
      $0.id = 5
    }
    let etcd = EtcdBackend.answering(dead)
    #expect(await failure { try await etcd.keepLeaseAlive(LeaseID(5)) }?.code == .leaseNotFound)
    #expect(await failure { try await etcd.keepLeaseAlive(LeaseID(6)) }?.code == .protocolViolation)
  }

  @Test func aRequestBeyondTheLimitIsNotSent() async {
    let etcd = EtcdBackend.scripted { (_: Int) async throws(RPCError) -> any RPCConnection in
      throw RPCError(.internal, "nothing was to be sent", progress: .unknown)
    }
    let request = PutRequest(key: "k", value: Array(repeating: 0, count: 3 << 20))
    let error = await failure { try await etcd.put(request) }
    #expect(error?.code == .requestTooLarge)
    #expect(error?.outcome == .refused)
  }
}
