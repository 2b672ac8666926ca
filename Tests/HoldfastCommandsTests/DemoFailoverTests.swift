import Foundation
import Holdfast
import HoldfastEtcd
import TestSupport
import Testing
import WorkQueue

@testable import HoldfastCommands

/// The demo on three members, the leader killed under load and restarted. `HOLDFAST_FAILOVER_RUNS=10` repeats it, and prints
/// each run's table.
@Suite(.serialized) struct DemoFailoverTests {
  private static let runs = ProcessInfo.processInfo.environment["HOLDFAST_FAILOVER_RUNS"].flatMap { Int($0) } ?? 1

  @Test(arguments: 1...max(1, runs)) func survivesTheLeader(run: Int) async throws {
    try await withEtcdCluster(.v3_4_23) { cluster in
      var options = WorkQueueOptions(root: "/q/")
      options.duration = .seconds(10)
      let (progress, ticks) = AsyncStream.makeStream(of: WorkQueueProgress.self, bufferingPolicy: .bufferingNewest(1))
      let report = try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          // Under load: a good number of jobs are done already, and the queue is at work again before the leader is back.
          let before = try await jobsDone(progress, 50)
          let leader = try await cluster.leader()
          try await leader.kill()
          _ = try await jobsDone(progress, before + 50)
          try await leader.restart()
        }
        let report = try await WorkQueue.demonstrate(options, on: .etcd(endpoints: cluster.endpoints)) {
          ticks.yield($0)
        }
        ticks.finish()
        try await group.waitForAll()
        return report
      }
      if Self.runs > 1 { print("run \(run)\n\(DemoResult(report).text(.text))") }
      #expect(report.isCorrect, "\(DemoResult(report).text(.text))")
      #expect(report.errorsSurvived > 0, "the leader's end was noticed")
    }
  }
}

/// Waits until so many jobs are done; returns how many are.
private func jobsDone(_ progress: AsyncStream<WorkQueueProgress>, _ count: Int) async throws -> Int {
  for await tick in progress where tick.done >= count { return tick.done }
  throw EndedEarly()
}

private struct EndedEarly: Error {}
