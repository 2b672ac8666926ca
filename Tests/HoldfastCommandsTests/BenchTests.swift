import Foundation
import Holdfast
import HoldfastEmbedded
import TestSupport
import Testing

@testable import HoldfastCommands

/// What bench measures, what it refuses, and what it leaves: nothing. No figure is judged.
@Suite struct BenchTests {
  private let names: Set<String> = [
    "memoryGet", "storeGet", "memoryList", "linearizableList", "storeList", "put", "watchLag",
  ]

  /// What a report must be, whatever was measured on.
  private func check(_ report: NSDictionary, keys: Int, samples: Int, clients: Int) throws {
    #expect(
      Set(report.allKeys.compactMap { $0 as? String }) == [
        "prefix", "keys", "valueSize", "clients", "server", "build", "measurements", "storeToMemoryRatio",
      ])
    #expect(report["keys"] as? Int == keys && report["clients"] as? Int == clients)
    #expect(report["build"] as? String == BenchReport.build)
    let measurements = try #require(report["measurements"] as? [String: [String: Any]])
    #expect(Set(measurements.keys) == names)
    for (name, measurement) in measurements {
      let isBatch = name == "memoryGet"
      #expect(measurement["operationsPerSample"] as? Int == (isBatch ? 100 : 1), "\(name)")
      #expect(measurement["samples"] as? Int == (isBatch ? max(1, samples / 100) : samples), "\(name)")
      #expect(measurement["operations"] as? Int == (isBatch ? max(100, samples / 100 * 100) : samples), "\(name)")
      #expect(measurement["endedEarly"] as? Bool == false)
      let times = ["p50", "p90", "p99", "max"].map { measurement["\($0)Microseconds"] as? Double ?? -1 }
      #expect(times == times.sorted() && times[0] >= 0, "\(name): \(times)")
      for rate in ["seconds", "operationsPerSecond"] {
        #expect(measurement[rate] as? Double ?? 0 > 0, "\(name): \(rate)")
      }
    }
    let ratios = try #require(report["storeToMemoryRatio"] as? [String: Double])
    #expect(Set(ratios.keys) == ["get", "list"])
    for (name, ratio) in ratios {
      let medians = ["store", "memory"].map { measurements[$0 + name.capitalized]?["p50Microseconds"] as? Double ?? 0 }
      #expect(abs(ratio - medians[0] / medians[1]) < 0.001 * ratio)
    }
  }

  @Test func onTheEmbeddedEngine() async throws {
    let result = await holdfast(
      "bench", "--keys", "300", "--operations", "250", "--clients", "3", "--output", "json")
    #expect(result.code == 0 && result.errors.isEmpty && result.lines.count == 1, "\(result.errors)")
    let report = try #require(try result.objects.first)
    try check(report, keys: 300, samples: 250, clients: 3)
    #expect(report["server"] as? String == "embedded")
    #expect((report["prefix"] as? String)?.hasPrefix("/holdfast-bench/") == true)
  }

  @Test(arguments: [1, 2, 7]) func moreClientsThanThereIsToDo(operations: Int) async throws {
    let result = await holdfast(
      "bench", "--keys", "1", "--operations", "\(operations)", "--clients", "5", "--value-size", "1", "--output", "json"
    )
    try check(try #require(try result.objects.first), keys: 1, samples: operations, clients: 5)
  }

  @Test func theTableIsAligned() async throws {
    let result = await holdfast("bench", "--keys", "20", "--duration", "0.02")
    #expect(result.code == 0 && result.errors.isEmpty, "\(result.errors)")
    let table = result.lines.prefix { !$0.isEmpty }
    #expect(table.count == 1 + names.count)
    // Each line but the two with a ratio ends with its samples, below the heading's last letter.
    let heading = try #require(table.first)
    let end = try #require(heading.range(of: "SAMPLES")?.upperBound)
    let width = heading.distance(from: heading.startIndex, to: end)
    for line in table {
      #expect(line.count == width || line.count == heading.count, "\(line)")
      #expect(line.count == heading.count || line.last?.isNumber == true, "\(line)")
    }
    #expect(table.count { $0.contains("1 : ") } == 2)
    let notes = result.lines.dropFirst(table.count).joined()
    #expect(notes.contains("20 keys of 256 bytes, 1 client, server embedded; without the warm-up"))
    #expect(notes.contains("debug build") == (BenchReport.build == "debug"))
  }

  @Test func leavesNothingBehindAndTouchesNothingElse() async throws {
    let engine = EmbeddedEngine()
    _ = try await engine.put(PutRequest(key: "/q", value: []))
    _ = try await engine.put(PutRequest(key: "/q2/x", value: []))
    let run = ["bench", "--operations", "5", "--keys", "10", "--prefix", "/q"]
    #expect(await holdfast(run, input: [], on: engine).code == 0)
    #expect(try await keys(engine) == ["/q", "/q2/x"])
    _ = try await engine.put(PutRequest(key: "/q/x", value: []))
    let before = try await engine.status().header.revision
    let refused = await holdfast(run + ["--output", "json"], input: [], on: engine)
    #expect(refused.code == 64 && refused.output.isEmpty)
    #expect(try refused.errorObject["error"] as? String == "invalidArgument")
    #expect(refused.errors.contains("there are keys below /q/ already"))
    #expect(try await engine.status().header.revision == before, "nothing was written")
  }

  /// Somebody who deletes what is measured, and writes into the same prefix.
  @Test func afterAFailureOnlyWhatOthersWroteIsLeft() async throws {
    let engine = EmbeddedEngine()
    let result = await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for try await update in engine.watch(WatchRequest(.prefix("/q/"))) {
          guard case .batch(let batch) = update, let key = batch.events.first?.key else { continue }
          _ = try await engine.put(PutRequest(key: "/q/theirs", value: []))
          _ = try await engine.deleteRange(DeleteRangeRequest(.key(key)))
          return
        }
      }
      defer { group.cancelAll() }
      return await holdfast("bench", "--duration", "100", "--keys", "10", "--prefix", "/q", on: engine)
    }
    #expect(result.code == 3 && result.output.isEmpty)
    #expect(result.errors.contains("somebody else changed what is measured"), "\(result.errors)")
    #expect(try await keys(engine) == ["/q/theirs"])
  }

  @Test func cancelledItCleansUp() async throws {
    let engine = EmbeddedEngine()
    try await withThrowingTaskGroup(of: ToolResult.self) { group in
      group.addTask { await holdfast("bench", "--duration", "100", "--keys", "50", "--clients", "2", on: engine) }
      try await eventually { try await keys(engine).count == 50 }
      group.cancelAll()
      let result = try #require(try await group.next())
      #expect(result.code != 0 && result.output.isEmpty)
      #expect(!result.errors.contains("may be left"))
    }
    #expect(try await keys(engine).isEmpty)
  }

  @Test(arguments: ["text", "json"]) func aBarIsForTerminals(format: String) async throws {
    let (output, errors) = (Pipe(), Pipe())
    let terminal = ByteSink(isTerminal: true, errors.sink.write)
    let tool = Tool(environment: [:], input: Pipe().source, output: output.sink, errors: terminal)
    #expect(await tool.run(["bench", "--keys", "5", "--operations", "5", "--output", format]) == 0)
    if format == "json" {
      #expect(errors.text.isEmpty)
    } else {
      #expect(errors.text.hasPrefix(ProgressBar.erasure) && errors.text.hasSuffix(ProgressBar.erasure))
      #expect(errors.text.contains("░  get, from memory") && errors.text.contains("█░"))
    }
  }

  @Test func whatAPhaseMayWriteIsLimited() {
    for (keys, valueSize) in [(1, 1), (100_000, 600), (60, 1_000_000)] {
      let plan = BenchPlan(prefix: "/q", keys: keys, valueSize: valueSize, clients: 1, extent: BenchExtent())
      let written = BenchPlan.written(samples: plan.writesAllowed, keys: keys, valueSize: valueSize)
      #expect(plan.writesAllowed > 1 && written <= BenchPlan.writtenLimit, "\(keys), \(valueSize): \(written)")
    }
  }

  private func keys(_ engine: EmbeddedEngine) async throws -> [Key] {
    try await engine.range(RangeRequest(.all)).keyValues.map(\.key)
  }
}
