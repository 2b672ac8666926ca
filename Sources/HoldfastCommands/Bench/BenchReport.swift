import Holdfast

/// What one measurement came to.
struct BenchResult: Sendable {
  let name: String
  let title: String
  let operationsPerSample: Int
  let latencies: LatencyHistogram
  let elapsed: Duration
  /// Whether it had written all that it may before its time was over.
  let endedEarly: Bool

  init(_ measurement: BenchMeasurement, latencies: LatencyHistogram, elapsed: Duration, endedEarly: Bool) {
    (name, title, operationsPerSample) = (measurement.name, measurement.title, measurement.operationsPerSample)
    (self.latencies, self.elapsed, self.endedEarly) = (latencies, elapsed, endedEarly)
  }

  var operations: Int { latencies.count * operationsPerSample }
  var perSecond: Double { elapsed > .zero ? Double(operations) / (elapsed / .seconds(1)) : 0 }

  /// How long one operation took, in microseconds: what so large a part of the samples did not exceed.
  func percentile(_ part: Double) -> Double? {
    latencies.percentile(part).map { $0 / .microseconds(1) / Double(operationsPerSample) }
  }

  var longest: Double { latencies.longest / .microseconds(1) / Double(operationsPerSample) }
}

/// What `holdfast bench` found out, for people and for scripts.
struct BenchReport: Sendable {
  let plan: BenchPlan
  /// The server's version, if it told.
  let server: String?
  let results: [BenchResult]

  #if DEBUG
    static let build = "debug"
  #else
    static let build = "release"
  #endif

  private static let pairs = [("get", "memoryGet", "storeGet"), ("list", "memoryList", "storeList")]

  func text(_ format: OutputFormat) -> String { format == .json ? "\(json)" : table }

  /// How many times as long the median read of the store takes as the same read of memory.
  private func ratio(_ memory: String, _ store: String) -> Double? {
    guard let memory = median(memory), let store = median(store), memory > 0 else { return nil }
    return store / memory
  }

  private func median(_ name: String) -> Double? { results.first { $0.name == name }?.percentile(0.5) }

  private var table: String {
    let heading = ["OPERATION", "P50", "P90", "P99", "MAX", "PER SECOND", "SAMPLES", "MEMORY : STORE"]
    let table = TextTable([heading] + results.map(row), rightAligned: Set(1..<heading.count))
    return "\(table)\n\n" + notes.joined(separator: "\n")
  }

  private func row(_ result: BenchResult) -> [String] {
    let times = [result.percentile(0.5), result.percentile(0.9), result.percentile(0.99), result.longest]
    let pair = Self.pairs.first { $0.2 == result.name }
    let longer = pair.flatMap { ratio($0.1, $0.2) }
    var row = [result.title]
    for time in times { row.append(time.map(shownMicroseconds) ?? "-") }
    row.append(rounded(result.perSecond, result.perSecond < 100 ? 1 : 0))
    row.append("\(result.latencies.count)")
    row.append(longer.map { "1 : " + rounded($0, $0 < 100 ? 1 : 0) } ?? "")
    return row
  }

  private var notes: [String] {
    let clients = plan.clients == 1 ? "1 client" : "\(plan.clients) clients at a time"
    var notes = [
      "\(plan.keys) keys of \(plan.valueSize) bytes, \(clients), server \(server ?? "unknown"); without the warm-up."
    ]
    for result in results where result.operationsPerSample > 1 {
      notes.append("\(result.title): a sample is the mean of \(result.operationsPerSample), done one after the other.")
    }
    for result in results where result.endedEarly {
      notes.append(
        "\(result.title): ended early, since a run writes at most \(shownBytes(Int64(BenchPlan.writtenLimit))).")
    }
    if Self.build == "debug" {
      notes.append("This is a debug build: what memory takes is many times as long as with `swift build -c release`.")
    }
    return notes
  }

  private var json: JSONValue {
    var ratios: [String: JSONValue] = [:]
    for (name, memory, store) in Self.pairs { ratios[name] = ratio(memory, store).map(JSONValue.number) ?? .null }
    let measurements = results.map { ($0.name, $0.json) }
    return [
      "prefix": .string("\(plan.prefix)"), "keys": .integer(plan.keys), "valueSize": .integer(plan.valueSize),
      "clients": .integer(plan.clients), "server": server.map(JSONValue.string) ?? .null,
      "build": .string(Self.build), "measurements": .object(Dictionary(measurements) { $1 }),
      "storeToMemoryRatio": .object(ratios),
    ]
  }
}

extension BenchResult {
  fileprivate var json: JSONValue {
    func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
    return [
      "samples": .integer(latencies.count), "operationsPerSample": .integer(operationsPerSample),
      "operations": .integer(operations), "seconds": .number(elapsed / .seconds(1)),
      "operationsPerSecond": .number(perSecond), "p50Microseconds": number(percentile(0.5)),
      "p90Microseconds": number(percentile(0.9)), "p99Microseconds": number(percentile(0.99)),
      "maxMicroseconds": .number(longest), "endedEarly": .bool(endedEarly),
    ]
  }
}

/// A time in the unit that shows it best.
func shownMicroseconds(_ time: Double) -> String {
  switch time {
  case ..<1: rounded(time * 1e3, 1) + " ns"
  case ..<1e3: rounded(time, 1) + " µs"
  case ..<1e6: rounded(time / 1e3, 1) + " ms"
  default: rounded(time / 1e6, 1) + " s"
  }
}
