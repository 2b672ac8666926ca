import Foundation
import TestSupport
import Testing

/// Snapshots, compaction, defragmentation, alarms and endpoints, on real servers.
@Suite struct MaintenanceCommandTests {
  @Test(arguments: EtcdVersion.allCases) func aSnapshotIsARestorableStore(version: EtcdVersion) async throws {
    try await withScratchDirectory { directory in
      try await withEtcd(version) { etcd in
        try await etcd.put(key: "/a", value: "before")
        let file = "\(directory)/saved.db"
        let saved = try await etcd.json("snapshot", "save", file)
        #expect(saved["path"] as? String == file && saved["endpoint"] as? String == etcd.clientURL)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        #expect(saved["size"] as? Int == bytes.count)
        let checksum = bytes.suffix(32).map { String(format: "%02x", $0) }.joined()
        #expect(saved["sha256"] as? String == checksum)
        try await etcd.put(key: "/a", value: "after")
        try await etcd.restore(file)
        #expect(try await etcd.get(key: "/a")?.text == "before")
        let again = await etcd.holdfast("snapshot", "save", file)
        #expect(again.code == 0 && again.output.hasPrefix("\(file): ") && again.errors.isEmpty)
        let two = "\(etcd.clientURL),http://127.0.0.1:1"
        #expect(await etcd.holdfast("snapshot", "save", file, "--endpoints", two).code == 64)
        #expect(await etcd.holdfast("snapshot", "save", "/there/is/none").code == 64)
      }
    }
  }

  @Test(arguments: EtcdVersion.allCases) func compactionAndDefragmentation(version: EtcdVersion) async throws {
    try await withEtcd(version) { etcd in
      #expect(try await etcd.json("compact", "--keep", "10")["compacted"] is NSNull)
      let large = String(repeating: "x", count: 100_000)
      for _ in 0..<30 { try await etcd.put(key: "/a", value: large) }
      let compacted = try await etcd.json("compact", "--keep", "1", "--physical")
      #expect(compacted["compacted"] as? Int == 30 && compacted["revision"] as? Int == 31)
      let again = await etcd.holdfast("compact", "30")
      #expect(again.code == 2 && again.errors.contains("compacted"), "\(again.errors)")
      #expect(await etcd.holdfast("compact", "99").code == 2, "the future")
      #expect(await etcd.holdfast("compact", "31").output == "compacted revision 31; the store is at 31\n")
      let defragmented = try await etcd.json("defragment")
      let (before, after) = try (
        #require(defragmented["before"] as? Int), #require(defragmented["after"] as? Int)
      )
      #expect(after < before / 2, "\(after) of \(before)")
      #expect(defragmented["endpoint"] as? String == etcd.clientURL)
      let twice = await etcd.holdfast("defragment", "--endpoints", "\(etcd.clientURL),\(etcd.clientURL)/")
      #expect(twice.code == 0 && twice.lines.count == 1, "one member, whatever it is called: \(twice)")
    }
  }

  @Test(arguments: EtcdVersion.allCases) func alarms(version: EtcdVersion) async throws {
    try await withEtcd(version, arguments: ["--quota-backend-bytes", "1000000"]) { etcd in
      #expect(await etcd.holdfast("alarm", "list").output == "no alarms\n")
      #expect(await etcd.holdfast("alarm", "disarm").output == "no alarms\n")
      let large = String(repeating: "x", count: 300_000)
      try await eventually("the space is exceeded") {
        for index in 0..<5 { _ = await etcd.holdfast("put", "/\(index)", "-", input: large) }
        return await etcd.holdfast("alarm", "list").output.contains("NOSPACE")
      }
      let member = String(try await etcd.status().memberID, radix: 16)
      let expected: NSDictionary = ["member": member, "alarm": "NOSPACE"]
      #expect(try await etcd.json("alarm", "list")["alarms"] as? [NSDictionary] == [expected])
      let health = await etcd.holdfast("endpoint", "health", "--output", "json")
      #expect(try health.code == 1 && health.objects.first?["healthy"] as? Bool == false, "\(health)")
      #expect(await etcd.holdfast("alarm", "disarm").output == "alarm NOSPACE of member \(member) disarmed\n")
      #expect(try await etcd.json("alarm", "list")["alarms"] as? [NSDictionary] == [])
    }
  }
}
