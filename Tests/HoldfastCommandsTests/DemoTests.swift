import Foundation
import Holdfast
import HoldfastEmbedded
import HoldfastEtcd
import TestSupport
import Testing

@testable import HoldfastCommands
@testable import WorkQueue

/// The main job, judged by the auditor's log.
@Suite struct DemoTests {
  @Test func onTheEmbeddedEngine() async throws {
    let result = await holdfast(
      "demo", "--jobs", "200", "--workers", "3", "--cut-every", "0.05", "--output", "json", input: "")
    #expect(result.code == 0, "\(result.errors)")
    let report = try #require(try result.objects.first)
    #expect(report["correct"] as? Bool == true)
    #expect(report["jobsCreated"] as? Int == 200)
    #expect(report["jobsDone"] as? Int == 200)
    #expect(report["jobsLost"] as? Int == 0)
    #expect(report["jobsDoneTwice"] as? Int == 0)
    for count in ["memoryReads", "storeRequests"] { #expect((report[count] as? Int ?? 0) > 0, "\(count)") }
  }

  @Test func leavesNothingBehindAndTouchesNothingElse() async throws {
    let engine = EmbeddedEngine()
    _ = try await engine.put(PutRequest(key: "/other", value: []))
    #expect(await holdfast("demo", "--jobs", "20", on: engine).code == 0)
    #expect(try await engine.range(RangeRequest(.all)).keyValues.map(\.key) == ["/other"])
    _ = try await engine.put(PutRequest(key: "/q/x", value: []))
    let refused = await holdfast("demo", "--jobs", "20", "--prefix", "/q", on: engine)
    #expect(refused.code == 64)
    #expect(refused.errors.contains("there are keys below /q/ already"))
  }

  /// Somebody who deletes jobs that nobody has done: the log says so, and so does the exit code.
  @Test func lostJobsFailIt() async throws {
    var options = WorkQueueOptions(root: "/q/")
    options.jobs = 30
    options.workTime = .milliseconds(20)
    options.drainTimeout = .milliseconds(500)
    let engine = EmbeddedEngine()
    let report = try await withThrowingTaskGroup(of: Void.self) { [options] group in
      group.addTask {
        for try await update in engine.watch(WatchRequest(.prefix("/q/jobs/"))) {
          guard case .batch(let batch) = update else { continue }
          for event in batch.events where event.kind == .put {
            _ = try await engine.deleteRange(DeleteRangeRequest(.key(event.key)))
          }
        }
      }
      defer { group.cancelAll() }
      return try await WorkQueue.demonstrate(options, on: .backend(engine))
    }
    #expect(report.jobsLost > 0)
    #expect(!report.isCorrect)
    #expect(DemoResult(report).status == .failure)
    #expect(DemoResult(report).text(.text).contains("FAILED"))
  }

  /// The auditor believes only the log.
  @Test func theAuditorCountsWhatTheLogSays() async throws {
    let engine = EmbeddedEngine()
    let queue = WorkQueue(root: "/q/")
    let auditor = Auditor(queue)
    try await withStore(.backend(engine)) { store in
      for id in ["done", "lost", "twice"] { try await store.execute(queue.jobs.create(Job(id: id, payload: ""))) }
      for (job, attempt) in [("done", "1"), ("twice", "1"), ("twice", "2")] {
        try await store.execute(queue.audit.create(AuditRecord(job: job, attempt: attempt, worker: "w")))
      }
      try await auditor.writeEnd(store)
      try await auditor.run(store, from: 2)
    }
    let verdict = auditor.verdict(acknowledged: ["done", "lost", "twice", "vanished"])
    #expect(verdict.created == 3)
    #expect(verdict.lost == 2)
    #expect(verdict.doneTwice == 1)
  }

  @Test(arguments: EtcdVersion.allCases) func onRealEtcd(version: EtcdVersion) async throws {
    try await withEtcd(version) { (etcd) async throws -> Void in
      let result = await holdfast(
        "demo", "--endpoints", etcd.clientURL, "--seconds", "3", "--cut-every", "0.5", "--output", "json")
      #expect(result.code == 0, "\(result.errors)")
      #expect(try result.objects.first?["jobsDone"] as? Int ?? 0 > 10)
      #expect(try await etcd.list(prefix: "/").isEmpty)
    }
  }
}
