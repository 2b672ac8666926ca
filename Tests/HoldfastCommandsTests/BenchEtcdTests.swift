import Foundation
import Subprocess
import TestSupport
import Testing

@testable import HoldfastCommands

/// On a real server, and what an interruption leaves there.
@Suite struct BenchEtcdTests {
  @Test func itMeasuresAndLeavesNothing() async throws {
    try await withEtcd(.v3_5_1) { etcd in
      try await etcd.put(key: "/other", value: "")
      let report = try await etcd.json("bench", "--keys", "40", "--operations", "30", "--clients", "4")
      #expect(report["server"] as? String == "3.5.1")
      let measurements = try #require(report["measurements"] as? [String: [String: Any]])
      #expect(measurements.count == 7)
      for (name, measurement) in measurements {
        #expect(measurement["samples"] as? Int == (name == "memoryGet" ? 1 : 30), "\(name)")
      }
      #expect(try await etcd.list(prefix: "/").map(\.key) == ["/other"])
      let refused = await etcd.holdfast("bench", "--prefix", "/")
      #expect(refused.code == 64 && refused.errors.contains("there are keys below / already"), "\(refused.errors)")
      #expect(try await etcd.list(prefix: "/").map(\.key) == ["/other"])
    }
  }

  @Test(arguments: [(Signal.terminate, 143), (.interrupt, 130)] as [(Signal, Int32)])
  func signalsEndItAndItCleansUp(signal: Signal, code: Int32) async throws {
    try await withEtcd(.v3_5_1) { etcd in
      let arguments = ["bench", "--duration", "100", "--keys", "200", "--clients", "4", "--endpoints", etcd.clientURL]
      let (status, _) = try await ToolProcess.run(arguments) { bench in
        try await eventually { try await etcd.list(prefix: "/holdfast-bench/").count == 200 }
        bench.signal(signal)
        try await eventually { bench.hasEnded }
        #expect(bench.lines.isEmpty)
      }
      #expect(status == .exited(code))
      #expect(try await etcd.list(prefix: "/").isEmpty)
    }
  }

  /// Ctrl-C must work then too, and say what is left.
  @Test func aServerThatHangsIsLeftInTime() async throws {
    try await withEtcd(.v3_5_1) { etcd in
      let result = try await withThrowingTaskGroup(of: ToolResult.self) { group in
        group.addTask { await etcd.holdfast("bench", "--duration", "100", "--keys", "10", "--timeout", "1000") }
        try await eventually { try await etcd.list(prefix: "/holdfast-bench/").count == 10 }
        try await etcd.suspend()
        group.cancelAll()
        let result = try #require(try await group.next())
        try etcd.resume()
        return result
      }
      #expect(result.code != 0 && result.output.isEmpty)
      #expect(result.errors.contains("keys may be left, which holdfast delete --prefix /holdfast-bench/"), "\(result)")
    }
  }
}
