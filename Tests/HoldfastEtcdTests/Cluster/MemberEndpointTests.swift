import HoldfastCore
import HoldfastEtcd
import HoldfastEtcdProtos
import SwiftProtobuf
import TestSupport
import Testing

/// Where calls and watches go on real clusters.
@Suite(.serialized) struct MemberEndpointTests {
  @Test(arguments: EtcdVersion.allCases) func oneEndpointIsEnoughToFindTheOthers(version: EtcdVersion) async throws {
    try await withEtcdCluster(version) { cluster in
      var configuration = EtcdConfiguration(endpoints: [cluster.endpoints[0]])
      configuration.memberSynchronization = .milliseconds(100)
      let etcd = try EtcdBackend(configuration)
      let run = Task { await etcd.run() }
      defer { run.cancel() }
      try await eventually("all members are known") { Set(etcd.endpoints) == Set(cluster.endpoints) }
      _ = try await etcd.put(PutRequest(key: "/k", value: [1]))
      try await cluster.members[0].kill()
      try await eventually(within: .seconds(30), "the others serve") {
        try await etcd.range(RangeRequest(.key("/k"))).keyValues.map(\.value) == [[1]]
      }
      #expect(Set(etcd.endpoints) == Set(cluster.endpoints), "the dead one is a member still")
    }
  }

  /// It would wait for a leader otherwise, and then nobody knew whether it was written.
  @Test(arguments: EtcdVersion.allCases) func aMemberWithoutALeaderRefusesWrites(version: EtcdVersion) async throws {
    try await withEtcdCluster(version) { cluster in
      let last = cluster.members[0]
      for member in cluster.members.dropFirst() { try await member.kill() }
      let etcd = try EtcdBackend(EtcdConfiguration(endpoints: [last.clientURL]))
      try await eventually(within: .seconds(30), "there is no leader") {
        try await etcd.maintenance.status(of: last.clientURL).leader == nil
      }
      let refused = await failure { try await etcd.put(PutRequest(key: "/k", value: [])) }
      #expect(refused?.code == .unavailable)
      #expect(refused?.outcome == .refused)
      var local = RangeRequest(.all)
      local.serializable = true
      _ = try await etcd.range(local)
      #expect(try await etcd.cluster.members(linearizable: false).count == 3)
      try await cluster.members[1].restart(untilHealthy: false)
      try await eventually(within: .seconds(30), "a majority is back") {
        _ = try await etcd.put(PutRequest(key: "/k", value: []))
        return true
      }
    }
  }

  @Test func watchesHaveAConnectionOfTheirOwn() async throws {
    try await withEtcd(.v3_5_1) { server in
      try await withTCPProxy(to: server.clientPort) { proxy in
        let etcd = try EtcdBackend(EtcdConfiguration(endpoints: [proxy.url]))
        _ = try await etcd.put(PutRequest(key: "/k", value: []))
        #expect(proxy.acceptedConnections == 1)
        var updates = etcd.watch(WatchRequest(.all)).makeAsyncIterator()
        guard case .started = try await updates.next() else {
          Issue.record("the watch did not start")
          return
        }
        #expect(proxy.acceptedConnections == 2)
        _ = try await etcd.maintenance.status(of: proxy.url)
        #expect(proxy.acceptedConnections == 3, "maintenance delays neither")
      }
    }
  }

  @Test func aUnixSocketIsAnEndpoint() async throws {
    let path = "/tmp/holdfast-\(UInt64.random(in: 0 ... .max)).sock"
    let answer = bytes(of: Etcdserverpb_RangeResponse.with { $0.header = .with { $0.revision = 7 } })
    let server = try await ScriptedServer.start(unixPath: path) { cue, call in
      if case .end = cue { call.answer(answer) }
    }
    let etcd = try EtcdBackend(EtcdConfiguration(endpoints: ["unix://\(path)"]))
    #expect(try await etcd.range(RangeRequest(.all)).header.revision == 7)
    #expect(etcd.endpoints == ["unix://\(path)"])
    await server.stop()
  }
}
