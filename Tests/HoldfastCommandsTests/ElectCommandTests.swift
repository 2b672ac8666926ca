import Foundation
import Subprocess
import TestSupport
import Testing

/// Elections, on real servers.
@Suite struct ElectCommandTests {
  @Test(arguments: EtcdVersion.allCases) func campaignObserveResign(version: EtcdVersion) async throws {
    try await withEtcd(version) { etcd in
      #expect(await etcd.holdfast("elect", "leader", "/e").code == 3)
      #expect(await etcd.holdfast("elect", "resign", "/e").code == 3)
      let observe = ["elect", "observe", "/e", "--output", "json", "--endpoints", etcd.clientURL]
      let campaign = ["elect", "campaign", "/e", "--endpoints", etcd.clientURL, "--output", "json"]
      let (status, seen) = try await ToolProcess.run(observe) { observer in
        try await observer.wait(forLines: 1)
        let (first, _) = try await ToolProcess.run(campaign + ["one"]) { first in
          try await first.wait(forLines: 1)
          let line = try ToolResult(code: 0, output: first.lines[0] + "\n", errors: "").objects[0]
          let leader = try await etcd.json("elect", "leader", "/e")
          #expect(leader["value"] as? String == "one" && leader["key"] as? String == line["key"] as? String)
          #expect(leader["token"] as? Int64 == line["token"] as? Int64)
          #expect(await etcd.holdfast("elect", "resign", "/e", "--value", "two").code == 2)

          let (second, _) = try await ToolProcess.run(
            ["elect", "campaign", "/e", "two", "--endpoints", etcd.clientURL, "--", "sh", "-c", Self.script]
          ) { second in
            try await eventually { try await etcd.list(prefix: "/e/").count == 2 }
            let resigned = try await etcd.json("elect", "resign", "/e", "--value", "one")
            #expect((resigned["resigned"] as? NSDictionary)?["value"] as? String == "one")
            try await second.wait(forLines: 1)
            let leader = try #require(try await etcd.list(prefix: "/e/").first)
            #expect(second.lines[0] == "\(leader.key) \(leader.createRevision) \(String(leader.lease, radix: 16))")
          }
          #expect(second == .exited(5))
          try await eventually { first.hasEnded }
        }
        #expect(first == .exited(75))
        try await eventually { observer.lines.last?.contains("noLeader") ?? false }
        observer.signal(.interrupt)
        try await eventually { observer.hasEnded }
        return observer.lines
      }
      #expect(status == .exited(130))
      let objects = try ToolResult(code: 0, output: seen.map { $0 + "\n" }.joined(), errors: "").objects
      #expect(objects.map { $0["value"] as? String } == [nil, "one", "two", nil])
      #expect(objects.map { $0["event"] as? String } == ["noLeader", "leader", "leader", "noLeader"])
    }
  }

  private static let script =
    #"echo "$HOLDFAST_ELECTION_KEY $HOLDFAST_ELECTION_REVISION $HOLDFAST_ELECTION_LEASE"; read x; exit 5"#
}
