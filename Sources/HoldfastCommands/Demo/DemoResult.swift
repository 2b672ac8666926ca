import WorkQueue

/// The demonstration's report, for people and for scripts.
struct DemoResult {
  private let report: WorkQueueReport

  init(_ report: WorkQueueReport) { self.report = report }

  var status: ExitStatus { report.isCorrect ? .success : .failure }

  func text(_ format: OutputFormat) -> String {
    switch format {
    case .text: table
    case .json: "\(json)"
    }
  }

  /// How many times longer a read of the store takes than the same read of memory.
  private var ratio: Double? {
    guard let direct = report.directReadMedianMicroseconds, let memory = report.memoryReadMedianMicroseconds, memory > 0
    else { return nil }
    return direct / memory
  }

  private var table: String {
    let jobs = "\(report.jobsDone) of \(report.jobsCreated)"
    let rows: [[String]] = [
      ["time", "\(rounded(report.seconds, 1)) s"],
      ["jobs done", jobs],
      ["jobs lost", "\(report.jobsLost)"],
      ["jobs done twice", "\(report.jobsDoneTwice)"],
      ["workers at a time", "\(report.workers)"],
      ["workers cut off", "\(report.workersCutOff)"],
      ["claims taken over", "\(report.claimsTakenOver)"],
      ["claims and finishes that another worker won", "\(report.conflicts)"],
      ["failed requests survived", "\(report.errorsSurvived)"],
      ["reads served from memory", "\(report.memoryReads)"],
      ["  median", microseconds(report.memoryReadMedianMicroseconds)],
      ["requests that went to the store", "\(report.storeRequests)"],
      ["the same read of the store, under this load", "\(report.directReads)"],
      ["  median", microseconds(report.directReadMedianMicroseconds)],
      ["  times as long as from memory", ratio.map { rounded($0, 1) } ?? "-"],
    ]
    let verdict =
      report.isCorrect ? "Every job was done exactly once." : "FAILED: not every job was done exactly once."
    return TextTable(rows, rightAligned: [1]).description + "\n" + verdict
  }

  private var json: JSONValue {
    [
      "correct": .bool(report.isCorrect), "seconds": .number(report.seconds),
      "jobsCreated": .integer(report.jobsCreated), "jobsDone": .integer(report.jobsDone),
      "jobsLost": .integer(report.jobsLost), "jobsDoneTwice": .integer(report.jobsDoneTwice),
      "workers": .integer(report.workers), "workersCutOff": .integer(report.workersCutOff),
      "claimsTakenOver": .integer(report.claimsTakenOver), "conflicts": .integer(report.conflicts),
      "errorsSurvived": .integer(report.errorsSurvived), "memoryReads": .integer(report.memoryReads),
      "memoryReadMedianMicroseconds": number(report.memoryReadMedianMicroseconds),
      "storeRequests": .integer(report.storeRequests), "directReads": .integer(report.directReads),
      "directReadMedianMicroseconds": number(report.directReadMedianMicroseconds), "directToMemoryRatio": number(ratio),
    ]
  }

  private func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
  private func microseconds(_ value: Double?) -> String { value.map { "\(rounded($0, 1)) µs" } ?? "-" }
}

/// A number with so many decimal places.
func rounded(_ value: Double, _ places: Int) -> String {
  let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
  let scaled = (value * scale).rounded()
  guard let whole = Int64(exactly: scaled) else { return "\(value)" }
  if places == 0 { return "\(whole)" }
  let digits = String(whole.magnitude)
  let padded = String(repeating: "0", count: max(0, places + 1 - digits.utf8.count)) + digits
  return (whole < 0 ? "-" : "") + padded.dropLast(places) + "." + padded.suffix(places)
}
