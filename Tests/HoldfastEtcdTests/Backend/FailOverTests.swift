import HoldfastCore
import HoldfastEtcd
import HoldfastEtcdProtos
import SwiftProtobuf
import Synchronization
import Testing

/// Which member is asked, how often, and what becomes of writes.
@Suite struct FailOverTests {
  /// Counts what reached each member.
  private final class Tally: Sendable {
    private let counts = Mutex<[String: Int]>([:])
    func add(_ what: String) { counts.withLock { $0[what, default: 0] += 1 } }
    func callAsFunction(_ what: String) -> Int { counts.withLock { $0[what] ?? 0 } }
  }

  private static func good() -> ScriptedConnection {
    ScriptedConnection { (call: RPCCall, _: [UInt8]) async throws(RPCError) -> [UInt8] in
      let header = Etcdserverpb_ResponseHeader.with { $0.revision = 7 }
      return call.path.hasSuffix("Range")
        ? bytes(of: Etcdserverpb_RangeResponse.with { $0.header = header })
        : bytes(of: Etcdserverpb_PutResponse.with { $0.header = header })
    }
  }

  /// Two members: the first one fails calls in the given way, the second is well.
  private static func pair(_ error: RPCError, _ tally: Tally) -> EtcdBackend {
    .scripted(endpoints: 2) { (endpoint: Int) async throws(RPCError) -> any RPCConnection in
      tally.add("connect \(endpoint)")
      if endpoint == 1 { return good() }
      return ScriptedConnection { (_: RPCCall, _: [UInt8]) async throws(RPCError) -> [UInt8] in
        tally.add("call 0")
        throw error
      }
    }
  }

  @Test(arguments: [RPCError.Progress.notProcessed, .answered, .unknown])
  func readsGoToTheNextMember(_ progress: RPCError.Progress) async throws {
    let tally = Tally()
    let etcd = Self.pair(RPCError(.unavailable, "away", progress: progress), tally)
    #expect(try await etcd.range(RangeRequest(.all)).header.revision == 7)
    _ = try await etcd.range(RangeRequest(.all))
    #expect(tally("call 0") == 1, "the member that failed is not asked again")
  }

  @Test func aWriteThatNobodyLookedAtGoesToTheNextMember() async throws {
    let tally = Tally()
    let etcd = Self.pair(RPCError(.unavailable, "GOAWAY", progress: .notProcessed), tally)
    #expect(try await etcd.put(PutRequest(key: "k", value: [])).header.revision == 7)
  }

  @Test(arguments: [
    RPCError(.unavailable, "lost", progress: .unknown),
    RPCError(.unavailable, "etcdserver: leader changed", progress: .answered),
    RPCError(.deadlineExceeded, "late", progress: .unknown),
    RPCError(.cancelled, "context canceled", progress: .answered),
  ]) func aWriteThatMayBeAppliedIsNeverRepeated(_ error: RPCError) async throws {
    let tally = Tally()
    let etcd = Self.pair(error, tally)
    let thrown = await failure { try await etcd.put(PutRequest(key: "k", value: [])) }
    #expect(thrown?.outcome == .unknown)
    #expect(thrown?.key == "k")
    #expect(tally("connect 1") == 0)
    _ = try await etcd.put(PutRequest(key: "k", value: []))
    #expect(tally("call 0") == 1, "the next write goes elsewhere")
  }

  @Test func concurrentCallersShareOneConnection() async throws {
    let tally = Tally()
    let etcd = EtcdBackend.scripted { (_: Int) async throws(RPCError) -> any RPCConnection in
      tally.add("connect")
      for _ in 0..<100 { await Task.yield() }
      return Self.good()
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<100 { group.addTask { _ = try await etcd.range(RangeRequest(.all)) } }
      try await group.waitForAll()
    }
    #expect(tally("connect") == 1)
  }

  @Test func aConnectingCallerThatIsCancelledLeavesTheOthersWell() async throws {
    let tally = Tally()
    let (started, start) = AsyncStream<Void>.makeStream()
    let etcd = EtcdBackend.scripted { (_: Int) async throws(RPCError) -> any RPCConnection in
      tally.add("connect")
      guard tally("connect") == 1 else { return Self.good() }
      start.yield()
      // Until the caller is cancelled.
      let (never, continuation) = AsyncStream<Never>.makeStream()
      for await _ in never {}
      continuation.finish()
      throw RPCError(.cancelled, "cancelled", progress: .notProcessed)
    }
    let first = Task { await failure { try await etcd.range(RangeRequest(.all)) } }
    for await _ in started { break }
    let second = Task { try await etcd.range(RangeRequest(.all)).header.revision }
    first.cancel()
    #expect(await first.value?.code == .cancelled)
    #expect(try await second.value == 7)
    #expect(tally("connect") == 2)
  }

  @Test func afterRunHasEndedCallsFail() async throws {
    let etcd = EtcdBackend.scripted { (_: Int) async throws(RPCError) -> any RPCConnection in Self.good() }
    _ = try await etcd.range(RangeRequest(.all))
    let run = Task { await etcd.run() }
    run.cancel()
    await run.value
    let read = await failure { try await etcd.range(RangeRequest(.all)) }
    #expect(read?.code == .stopped)
    #expect(read?.outcome == nil)
    #expect(await failure { try await etcd.put(PutRequest(key: "k", value: [])) }?.outcome == .refused)
    #expect(await failure { for try await _ in etcd.watch(WatchRequest(.all)) {} }?.code == .stopped)
  }

  @Test func aGrantWhoseAnswerWasLostIsFoundAgain() async throws {
    let tally = Tally()
    let header = Etcdserverpb_ResponseHeader.with { $0.revision = 7 }
    let etcd = EtcdBackend.scripted { (_: Int) async throws(RPCError) -> any RPCConnection in
      ScriptedConnection { (call: RPCCall, _: [UInt8]) async throws(RPCError) -> [UInt8] in
        tally.add(call.path)
        if call.path.hasSuffix("LeaseTimeToLive") {
          return bytes(
            of: Etcdserverpb_LeaseTimeToLiveResponse.with {
              $0.header = header
              $0.ttl = 29
              $0.grantedTtl = 30
            })
        }
        throw tally(call.path) == 1
          ? RPCError(.unavailable, "lost", progress: .unknown)
          : RPCError(.failedPrecondition, "etcdserver: lease already exists", progress: .answered)
      }
    }
    #expect(try await etcd.grantLease(id: nil, ttl: .seconds(30)).ttl == .seconds(30))
    // With an id of the caller's choice, who else might have it is not ours to say.
    #expect(await failure { try await etcd.grantLease(id: LeaseID(5), ttl: .seconds(30)) }?.code == .leaseExists)
  }
}
