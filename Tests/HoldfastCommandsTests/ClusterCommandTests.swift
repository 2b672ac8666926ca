import Foundation
import TestSupport
import Testing

/// Members and endpoints, on real clusters.
@Suite struct ClusterCommandTests {
  @Test(arguments: EtcdVersion.allCases) func theLifeOfAMember(version: EtcdVersion) async throws {
    try await withEtcdCluster(version, members: 1) { cluster in
      let etcd = cluster.members[0]
      let peers = [etcd.peerURL, "http://127.0.0.1:1"]
      for urls in [peers, [etcd.peerURL]] {
        let update = await etcd.holdfast("member", "update", etcd.name, "--peer-urls", urls.joined(separator: ","))
        #expect(update.code == 0, "\(update.errors)")
        let updated = try await etcd.members().first
        #expect((updated?["peerURLs"] as? [String])?.sorted() == urls.sorted())
      }
      try await cluster.withJoiningMember { joining, start in
        let added = try await etcd.json("member", "add", "joining", "--peer-urls", joining.peerURL, "--learner")
        let id = try #require((added["added"] as? NSDictionary)?["member"] as? String)
        #expect(
          Set(try #require(added["initialCluster"] as? String).split(separator: ","))
            == ["\(etcd.name)=\(etcd.peerURL)", "joining=\(joining.peerURL)"])
        let taken = await etcd.holdfast("member", "add", "other", "--peer-urls", etcd.peerURL)
        #expect(taken.code == 2 && taken.errors.contains("memberExists"), "\(taken.errors)")
        let waiting = try #require(try await etcd.members().first { $0["member"] as? String == id })
        #expect(waiting["peerURLs"] as? [String] == [joining.peerURL])
        #expect(waiting["isLearner"] as? Bool == true && waiting["isStarted"] as? Bool == false)
        let moved = await etcd.holdfast("member", "update", id, "--peer-urls", joining.peerURL)
        #expect(moved.code == 64 && moved.errors.contains("is a learner"), "\(moved.errors)")
        #expect(try await etcd.members().first { $0["member"] as? String == id }?["isLearner"] as? Bool == true)
        let early = await etcd.holdfast("member", "promote", id)
        #expect(early.code == 2, "\(early.errors)")

        try start()
        try await eventually(within: .seconds(60), "the learner is promoted") {
          await etcd.holdfast("member", "promote", "joining").code == 0
        }
        let table = await etcd.holdfast("member", "list").lines
        let row = table.first { $0.hasPrefix(id) }?.split(separator: " ").map(String.init)
        #expect(row?.prefix(3) == [id, "started", "joining"] && row?.last == "no", "\(table)")
        // etcd refuses while it does not take the new member for healthy yet.
        var output = ""
        try await eventually(within: .seconds(60), "the member is removed") {
          let removed = await etcd.holdfast("member", "remove", "joining")
          output = removed.output
          return removed.code == 0
        }
        #expect(output == "member joining \(id) removed; 1 left\n")
        #expect(try await etcd.members().count == 1)
        #expect(await etcd.holdfast("member", "remove", "joining").code == 3)
      }
    }
  }

  @Test(arguments: EtcdVersion.allCases) func endpointsOfACluster(version: EtcdVersion) async throws {
    try await withEtcdCluster(version) { cluster in
      let leader = try await cluster.leader()
      try await leader.put(key: "/a", value: "1")
      let states = try await leader.objects("endpoint", "status", "--cluster")
      #expect(Set(states.map { $0["endpoint"] as? String }) == Set(cluster.endpoints))
      #expect(states.filter { $0["isLeader"] as? Bool == true }.map { $0["endpoint"] as? String } == [leader.clientURL])
      #expect(states.allSatisfy { $0["version"] as? String == version.number && $0["raftTerm"] is Int })
      let given = cluster.endpoints.joined(separator: ",")
      let health = try await leader.objects("endpoint", "health", "--endpoints", given)
      #expect(health.map { $0["healthy"] as? Bool } == [true, true, true])
      let hashes = try await leader.objects("endpoint", "hash", "--cluster")
      #expect(hashes.count == 3 && Set(hashes.map { $0["hash"] as? Int }).count == 1, "\(hashes)")

      let follower = try #require(try await cluster.followers().first)
      let moved = await leader.holdfast("move-leader", follower.name)
      #expect(moved.code == 0 && moved.output.hasSuffix(" leads now\n"), "\(moved.errors)")
      #expect(try await cluster.leader() === follower)
      #expect(await leader.holdfast("move-leader", "nobody").code == 3)
      let defragmented = try await leader.objects("defragment", "--endpoints", given)
      #expect(defragmented.last?["endpoint"] as? String == follower.clientURL, "the leader comes last")
      #expect(defragmented.count == 3)

      try await follower.kill()
      let down = await leader.holdfast(
        "endpoint", "health", "--endpoints", given, "--timeout", "20", "--output", "json")
      #expect(down.code == 69)
      #expect(try down.objects.filter { $0["error"] != nil }.map { $0["endpoint"] as? String } == [follower.clientURL])
    }
  }

  /// A member with two client URLs is one member.
  @Test(arguments: EtcdVersion.allCases) func aMemberIsAskedOnce(version: EtcdVersion) async throws {
    let ports = [try await LoopbackPorts.free(), try await LoopbackPorts.free()]
    // As etcd lists them.
    let urls = ports.map { "http://127.0.0.1:\($0)" }.sorted()
    // Nobody listens there: what is asked of both would fail for one.
    try await withEtcd(version, arguments: ["--advertise-client-urls", urls.joined(separator: ",")]) { etcd in
      let both = [urls[1], etcd.clientURL].joined(separator: ",")
      for command in [["status"], ["health"], ["hash", "--revision", "1"]] {
        for (endpoints, asked) in [(etcd.clientURL, urls[0]), (both, urls[1])] {
          let result = await holdfast(
            ["endpoint"] + command + ["--cluster", "--timeout", "2", "--output", "json", "--endpoints", endpoints],
            input: [])
          #expect(try result.objects.map { $0["endpoint"] as? String } == [asked], "\(result)")
        }
      }
      let twice = [etcd.clientURL, "http://localhost:\(etcd.clientPort)"].joined(separator: ",")
      let defragmented = try await etcd.objects("defragment", "--endpoints", twice)
      #expect(defragmented.map { $0["endpoint"] as? String } == [etcd.clientURL])
    }
  }
}

extension EtcdServer {
  fileprivate func members() async throws -> [NSDictionary] {
    try #require(try await json("member", "list")["members"] as? [NSDictionary])
  }

  /// A command's lines of JSON; it must succeed.
  fileprivate func objects(_ arguments: String...) async throws -> [NSDictionary] {
    let result = await HoldfastCommandsTests.holdfast(
      arguments + ["--output", "json"], input: [], environment: ["HOLDFAST_ENDPOINTS": clientURL])
    #expect(result.code == 0, "\(arguments): \(result.errors)")
    return try result.objects
  }
}
