import Holdfast
import HoldfastCore
import TestSupport
import Testing

/// Group 7: the store is full. Reads and watches go on, writes are refused with the right error, and it is healed.
extension Faults {
  @Suite(.serialized) struct Group07 {
    @Test(arguments: Matrix.kinds(turn: 1)) func spaceQuota(kind: ServerKind) async throws {
      let quota = ["--quota-backend-bytes", "\(16 << 20)"]
      try await FaultRun(name: "7 space quota", kind: kind, arguments: quota) { stage in
        let member = try await stage.witness.servingMember()
        let pad = [UInt8](repeating: 0x78, count: 1 << 20)
        // Somebody else fills the store until it refuses.
        try await eventually(within: .seconds(60), "the store is full") {
          do {
            try await member.put(key: "/elsewhere/pad", bytes: pad)
            return false
          } catch {
            return "\(error)".contains("database space exceeded")
          }
        }
        let refused = stage.recorder.failures["resourceExhausted", default: 0]
        try await eventually(within: .seconds(30), "writes are refused for lack of space") {
          stage.recorder.failures["resourceExhausted", default: 0] > refused + 10
        }
        for cache in stage.caches { try await cache.waitUntilLive(timeout: .seconds(20)) }
        // The witness cannot write now, but what it compacts it must have seen.
        try await stage.pauseWriters()
        try await member.etcdctl("del", "/elsewhere/pad")
        try await stage.compactWithoutWitness()
        for member in stage.cluster.members { try await member.defragment() }
        try await member.disarmAlarms()
        stage.resumeWriters()
      }
    }
  }
}
