import ArgumentParser
import Holdfast
import HoldfastEmbedded

struct BenchCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure reads from memory and from the store, writes, and how late others see them.",
    usage: "holdfast bench [<options>]",
    discussion: """
      On the store that is named, below a prefix of its own that is deleted at the end, or on an engine in memory. Measured are \
      a get and a list of all keys, from a cache and, linearizable, from the store; a put until the cache shows it; and the time \
      from a put's acknowledgement until the cache of a second, independent store shows it.

      Each measurement begins with a warm-up of a tenth that is not counted. The table has medians (P50), percentiles and the \
      longest, operations a second, how many samples they are of, and how many times as long the store takes as memory. Values \
      are raw bytes; those that have to be decoded gain more by a cache. All clients share one connection, as in a program.

      Writes stay in a store's history until it is compacted. A run writes at most \(BenchPlan.writtenLimit >> 20) MiB, and \
      ends a measurement early for that. If it is killed (SIGKILL), its keys stay.

      JSON: {"prefix", "keys", "valueSize", "clients", "server", "build", "measurements", "storeToMemoryRatio": {"get", \
      "list"}}; measurements has memoryGet, storeGet, memoryList, linearizableList, storeList, put and watchLag, each \
      {"samples", "operationsPerSample", "operations", "seconds", "operationsPerSecond", "p50Microseconds", \
      "p90Microseconds", "p99Microseconds", "maxMicroseconds", "endedEarly"}.

      Examples:
        holdfast bench --endpoints http://10.0.0.1:2379
        holdfast bench --keys 10000 --clients 16 --duration 10 --output json
      """)

  @OptionGroup var endpoints: EndpointOptions
  @OptionGroup var output: OutputOptions
  @Option(help: "Where keys are made; nothing may be there. (default: /holdfast-bench/ and a random name)")
  var prefix: String?
  @Option(parsing: .unconditional, help: "How many keys.") var keys = 1_000
  @Option(parsing: .unconditional, help: "How many bytes each value has.") var valueSize = 256
  @Option(parsing: .unconditional, help: "Measure each for so many seconds. (default: 2)") var duration: Double?
  @Option(parsing: .unconditional, help: "Measure each for so many operations instead.") var operations: Int?
  @Option(parsing: .unconditional, help: "How many read or write at a time.") var clients = 1

  var format: OutputFormat { output.output }

  func validate() throws {
    let numbers = [
      ("--keys", keys, 100_000), ("--value-size", valueSize, 1_000_000), ("--clients", clients, 1_000),
      ("--operations", operations ?? 1, 10_000_000),
    ]
    for (option, number, limit) in numbers where !(1...limit).contains(number) {
      throw ValidationError("\(option) is \(number); it must be at least 1 and at most \(limit)")
    }
    if let duration {
      if operations != nil { throw ValidationError("--duration and --operations exclude each other") }
      guard duration >= 0.001, duration <= 3_600 else {
        throw ValidationError("--duration is \(duration); it must be at least 0.001 and at most 3600 seconds")
      }
    }
    if keys * valueSize > BenchPlan.heldLimit {
      throw ValidationError(
        "--keys \(keys) of --value-size \(valueSize) are \(keys * valueSize) bytes; at most \(BenchPlan.heldLimit) are read at a time"
      )
    }
    if let operations {
      let written = BenchPlan.written(samples: operations, keys: keys, valueSize: valueSize)
      if written > BenchPlan.writtenLimit {
        throw ValidationError(
          "--operations \(operations) would write about \(written) bytes; at most \(BenchPlan.writtenLimit) are written"
        )
      }
    }
    if prefix?.isEmpty ?? false { throw ValidationError("--prefix is empty; others have keys there") }
  }

  private func plan() throws -> BenchPlan {
    var extent = BenchExtent()
    if let operations { extent.samples = operations } else { extent.duration = .seconds(duration ?? 2) }
    var plan = BenchPlan(
      prefix: Key(prefix ?? "/holdfast-bench/\(BenchPlan.randomName())"), keys: keys, valueSize: valueSize,
      clients: clients, extent: extent)
    plan.loading = try endpoints.timeout.map { try Duration(positiveSeconds: $0, option: "--timeout") }
    return plan
  }

  func run(in tool: Tool) async throws -> ExitStatus {
    let plan = try plan()
    if let store = try endpoints.store(for: tool) { return try await measure(plan, on: store, tool) }
    return try await withEmbedded { try await measure(plan, on: .backend($0), tool) }
  }

  private func measure(_ plan: BenchPlan, on store: BackendConfiguration, _ tool: Tool) async throws -> ExitStatus {
    let isShown = tool.errors.isTerminal && format == .text
    var benchmark = Benchmark(plan: plan, configuration: store)
    // A bar that cannot be drawn is no reason to stop.
    if isShown {
      benchmark.onProgress = { title, fraction in
        try? tool.errors.write(Array("\(ProgressBar.erasure)\(ProgressBar.bar(fraction))  \(title)".utf8))
      }
    }
    var leftover: HoldfastError?
    let ended: Result<BenchReport, any Error>
    do { ended = .success(try await benchmark.run { leftover = $0 }) } catch { ended = .failure(error) }
    if isShown { try? tool.errors.write(Array(ProgressBar.erasure.utf8)) }
    if case .success(let report) = ended { try tool.output.line(report.text(format)) }
    if let leftover {
      try? tool.errors.line(format == .json ? "\(JSONValue(leftover))" : "holdfast: \(leftover)")
    }
    _ = try ended.get()
    return leftover.map { ExitStatus($0.code) } ?? .success
  }
}
