import Foundation
import Subprocess
import Synchronization
import TestSupport

/// The tool as its users have it: a process with pipes, ids and signals.
final class ToolProcess: Sendable {
  let pid: ProcessIdentifier
  private let input: StandardInputWriter
  private let answers = Mutex<[String]>([])
  private let ended = Mutex(false)

  /// What it has written so far.
  var lines: [String] { answers.withLock { $0 } }

  /// Whether it has closed its output.
  var hasEnded: Bool { ended.withLock { $0 } }

  private init(_ pid: ProcessIdentifier, _ input: StandardInputWriter) {
    self.pid = pid
    self.input = input
  }

  /// Runs the tool while the body runs; it is killed if it has not ended by itself some time after.
  ///
  /// - Parameter wrapper: What is to run the tool, its command line last.
  static func run<R: Sendable>(
    _ arguments: [String], in wrapper: ([String]) -> [String] = { $0 },
    _ body: @escaping @Sendable (ToolProcess) async throws -> R
  ) async throws -> (status: TerminationStatus, result: R) {
    let result = try await Subprocess.run(
      .name("env"), arguments: Arguments(wrapper([executable] + arguments)), input: .inputWriter, output: .sequence,
      error: .discarded
    ) { execution in
      let process = ToolProcess(execution.processIdentifier, execution.standardInputWriter)
      return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          for try await line in execution.standardOutput.strings() { process.answers.withLock { $0.append(line) } }
          process.ended.withLock { $0 = true }
        }
        group.addTask {
          try await Task.sleep(for: .seconds(120))
          process.signal(.kill)
        }
        do {
          let result = try await body(process)
          try await process.input.finish()
          // The end of its output is the end of the process.
          try await group.next()
          group.cancelAll()
          return result
        } catch {
          process.signal(.kill)
          group.cancelAll()
          throw error
        }
      }
    }
    return (result.terminationStatus, result.closureResult)
  }

  /// Sends a line and waits for the one that answers it.
  func ask(_ line: String) async throws -> NSDictionary {
    let before = answers.withLock { $0.count }
    _ = try await input.write(line + "\n")
    try await eventually(within: .seconds(30), "\(line) is answered") { answers.withLock { $0.count } > before }
    let answer = answers.withLock { $0[before] }
    return try ToolResult(code: 0, output: answer + "\n", errors: "").objects[0]
  }

  /// Waits until it has written so many lines.
  func wait(forLines count: Int) async throws {
    try await eventually(within: .seconds(30), "\(count) lines are written") { lines.count >= count }
  }

  /// Writes to its standard input.
  func type(_ text: String) async throws { _ = try await input.write(text) }

  /// Nothing comes on its standard input any more.
  func endInput() async throws { try await input.finish() }

  func signal(_ signal: Signal) { kill(pid.value, signal.rawValue) }

  #if os(Linux)
    /// What its threads have computed, in nanoseconds.
    func cpuTime() throws -> Int {
      let tasks = "/proc/\(pid.value)/task"
      return try FileManager.default.contentsOfDirectory(atPath: tasks).reduce(0) { sum, thread in
        let text = try String(contentsOfFile: "\(tasks)/\(thread)/schedstat", encoding: .utf8)
        return sum + (text.split(separator: " ").first.flatMap { Int($0) } ?? 0)
      }
    }
  #endif

  /// Beside the test bundle, where the build put it.
  static var executable: String {
    URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("holdfast").path
  }
}
