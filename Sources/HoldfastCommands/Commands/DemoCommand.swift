import ArgumentParser
import Holdfast
import HoldfastEmbedded
import WorkQueue

struct DemoCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "A work queue whose workers poll memory and are cut off at random; counts what was lost or done twice.",
    usage: "holdfast demo [<options>]",
    discussion: """
      Runs on the store that is named, below a prefix of its own that is deleted at the end, or on an engine in memory. An \
      independent auditor reads the store's log and judges by it alone. Exit code \(ExitStatus.failure.code) when a job was \
      lost or done twice.

      Example: holdfast demo --seconds 30 --workers 8
      """)

  @OptionGroup var endpoints: EndpointOptions
  @OptionGroup var output: OutputOptions
  @Option(parsing: .unconditional, help: "Stop producing after so many jobs.") var jobs: Int?
  @Option(parsing: .unconditional, help: "How many work at a time.") var workers = 4
  @Option(parsing: .unconditional, help: "How many produce jobs.") var producers = 2
  @Option(parsing: .unconditional, help: "Produce for so many seconds. (default: 10, with --jobs as long as it takes)")
  var seconds: Double?
  @Option(parsing: .unconditional, help: "Cut off a worker about every so many seconds.") var cutEvery = 2.0
  @Option(help: "Where the queue is made; nothing may be there. (default: /holdfast-demo/ and a random name)")
  var prefix: String?

  var format: OutputFormat { output.output }

  func validate() throws {
    let numbers = [("--jobs", jobs), ("--workers", workers), ("--producers", producers)]
    for case (let option, let number?) in numbers where !(1...1_000_000_000).contains(number) {
      throw ValidationError("\(option) is \(number); it must be at least 1")
    }
    if prefix?.isEmpty ?? false { throw ValidationError("--prefix is empty; the demo would own the whole store") }
  }

  var options: WorkQueueOptions {
    get throws {
      let random = String(UInt64.random(in: .min ... .max), radix: 36)
      var options = WorkQueueOptions(root: Key(prefix ?? "/holdfast-demo/\(random)").asFolder)
      options.jobs = jobs
      options.workers = workers
      options.producers = producers
      let seconds = seconds ?? (jobs == nil ? 10 : 86_400)
      options.duration = try Duration(positiveSeconds: seconds, option: "--seconds")
      options.cutInterval = try Duration(positiveSeconds: cutEvery, option: "--cut-every")
      return options
    }
  }

  func run(in tool: Tool) async throws -> ExitStatus {
    let options = try options
    let report: WorkQueueReport
    if let store = try endpoints.store(for: tool) {
      report = try await demonstrate(options, on: store, tool)
    } else {
      report = try await withEmbedded { try await demonstrate(options, on: .backend($0), tool) }
    }
    try tool.output.line(DemoResult(report).text(format))
    return DemoResult(report).status
  }

  private func demonstrate(
    _ options: WorkQueueOptions, on store: BackendConfiguration, _ tool: Tool
  ) async throws -> WorkQueueReport {
    try await withStore(store) { store in
      guard try await store.execute(Keyspace.raw(below: options.root).count()) == 0 else {
        throw HoldfastError(.invalidArgument, "there are keys below \(options.root) already", key: options.root)
      }
    }
    if format == .text {
      try tool.errors.line(
        "A queue of jobs below \(options.root), for about \(options.jobs.map { "\($0) jobs" } ?? "\(options.duration)"): workers find "
          + "jobs in a cache, claim and finish them, and are cut off in the middle now and then.")
    }
    let bar = tool.errors.isTerminal ? ProgressBar(options) : nil
    defer { if bar != nil { try? tool.errors.write(Array(ProgressBar.erasure.utf8)) } }
    do {
      return try await WorkQueue.demonstrate(options, on: store) { progress in
        // A bar that cannot be drawn is no reason to stop.
        if let bar { try? tool.errors.write(Array(bar.text(progress).utf8)) }
      }
    } catch {
      if Task.isCancelled {
        try? tool.errors.line("holdfast: interrupted; keys below \(options.root) may be left")
      }
      throw error
    }
  }
}
