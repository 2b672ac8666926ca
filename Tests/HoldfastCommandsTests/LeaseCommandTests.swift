import Foundation
import Subprocess
import TestSupport
import Testing

/// Leases, on real servers.
@Suite struct LeaseCommandTests {
  @Test(arguments: EtcdVersion.allCases) func aLeaseFromGrantToRevocation(version: EtcdVersion) async throws {
    try await withEtcd(version) { etcd in
      let grant = try await etcd.json("lease", "grant", "99.5")
      #expect(grant["ttl"] as? Int == 100)
      let lease = try #require(grant["lease"] as? String)
      #expect(try await etcd.leases().map { String($0, radix: 16) } == [lease])
      #expect(await etcd.holdfast("lease", "grant", "50", "--id", "abc").output == "lease abc granted for 50 s\n")
      #expect(await etcd.holdfast("lease", "grant", "50", "--id", "abc").code == 2)
      #expect(try await etcd.json("lease", "list")["leases"] as? [String] == ["abc", lease])
      #expect(await etcd.holdfast("lease", "list").lines == ["abc", lease])

      #expect(await etcd.holdfast("put", "/a", "1", "--lease", lease).code == 0)
      let left = try await etcd.json("lease", "timetolive", lease, "--keys")
      #expect(left["granted"] as? Int == 100)
      let seconds = try #require(left["ttl"] as? Int)
      #expect((50...100).contains(seconds))
      #expect(left["keys"] as? [[String: String]] == [["key": "/a"]])
      #expect(try await etcd.json("lease", "keep-alive", lease, "--once")["ttl"] as? Int == 100)

      #expect(await etcd.holdfast("lease", "revoke", lease).output == "lease \(lease) revoked\n")
      #expect(try await etcd.get(key: "/a") == nil)
      for command in ["revoke", "timetolive", "keep-alive"] {
        let gone = await etcd.holdfast("lease", command, lease, "--output", "json")
        #expect(gone.code == 3)
        #expect(try gone.errorObject["error"] as? String == "leaseNotFound")
        #expect(gone.errors.contains("the lease \(lease) does not exist (any more)"), "\(gone.errors)")
      }
      let put = await etcd.holdfast("put", "/a", "1", "--lease", lease, "--output", "json")
      #expect(put.errors.contains("the lease \(lease) does not exist (any more)"), "\(put.errors)")
      #expect(try put.errorObject["key"] as? String == "/a")
      #expect(await etcd.holdfast("lease", "revoke", "xyz").code == 64)
    }
  }

  /// Its time to live is shorter than the time for which it is looked at.
  @Test(arguments: EtcdVersion.allCases) func keepAliveKeepsALeaseAlive(version: EtcdVersion) async throws {
    try await withEtcd(version) { etcd in
      let lease = try #require(try await etcd.json("lease", "grant", "2")["lease"] as? String)
      let arguments = ["lease", "keep-alive", lease, "--output", "json", "--endpoints", etcd.clientURL]
      let (status, _) = try await ToolProcess.run(arguments) { keeper in
        try await keeper.wait(forLines: 6)
        #expect(try await etcd.json("lease", "timetolive", lease)["lease"] as? String == lease)
        #expect(await etcd.holdfast("lease", "revoke", lease).code == 0)
        // Which it is told of at its next renewal.
        try await eventually { keeper.hasEnded }
      }
      #expect(status == .exited(3))
    }
  }
}
