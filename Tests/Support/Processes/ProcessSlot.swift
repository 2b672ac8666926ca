internal import Subprocess
internal import Synchronization

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif
#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A place for one process at a time, started again as often as wanted, all under one structured task.
///
/// `supervise()` owns the processes: when its task is cancelled, the process is killed and awaited, so nothing outlives
/// the scope. Should the test run itself be killed, the kernel ends the process (`setpriv --pdeathsig`).
final class ProcessSlot: Sendable {
  enum Phase: Equatable {
    case idle
    case starting
    case running(pid_t)
    case ended(String)
  }

  private let command: [String]
  private let log: String
  private let state = Mutex(Phase.idle)
  private let isEnding = Mutex(false)
  private let launches = AsyncStream.makeStream(of: Void.self)

  /// The command's first element is the program's path; both outputs are appended to the log file.
  init(command: [String], log: String) {
    self.command = command
    self.log = log
  }

  var phase: Phase { state.withLock { $0 } }

  var pid: pid_t? {
    if case .running(let pid) = phase { pid } else { nil }
  }

  var hasEnded: Bool {
    if case .ended = phase { true } else { false }
  }

  /// Whether the process ended without being asked to: it crashed.
  var hasCrashed: Bool { hasEnded && !isEnding.withLock { $0 } }

  /// Whether every thread has taken note of SIGSTOP, which the kernel delivers in its own time. Only Linux tells.
  var isStopped: Bool {
    #if os(Linux)
      guard let pid, let threads = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task") else {
        return false
      }
      return threads.allSatisfy { thread in
        // "pid (name) state …"; the name may hold anything.
        let line = try? String(contentsOfFile: "/proc/\(pid)/task/\(thread)/stat", encoding: .utf8)
        return line?.split(separator: ")").last?.hasPrefix(" T") == true
      }
    #else
      return true
    #endif
  }

  /// Runs what `launch()` asks for, until `finish()`.
  func supervise() async {
    for await _ in launches.stream {
      let outcome = await runOnce()
      state.withLock { $0 = .ended(outcome) }
    }
  }

  /// Asks for a process; `phase` tells what became of it.
  func launch() throws(EtcdFixtureError) {
    let free = state.withLock { phase in
      switch phase {
      case .idle, .ended:
        phase = .starting
        return true
      case .starting, .running:
        return false
      }
    }
    guard free else { throw EtcdFixtureError("\(command.first ?? "") is running already") }
    isEnding.withLock { $0 = false }
    launches.continuation.yield()
  }

  /// No more launches: `supervise()` returns when the process has ended.
  func finish() {
    launches.continuation.finish()
  }

  /// Signals the running process; false when there is none.
  ///
  /// Sent under the lock that also covers the end of a run. What remains is the moment between the kernel's reaping and
  /// our taking note, in which all process ids would have to be used up for the signal to reach a stranger.
  @discardableResult
  func send(_ signals: Int32...) -> Bool {
    state.withLock { phase in
      guard case .running(let pid) = phase else { return false }
      return signals.allSatisfy { kill(pid, $0) == 0 }
    }
  }

  /// Ends the process with these signals and returns when it is gone. Does nothing when none runs.
  func end(_ signals: Int32..., within limit: Duration) async throws {
    if phase == .idle { return }
    if !hasEnded { isEnding.withLock { $0 = true } }
    try await eventually(within: limit, "the process has started") { phase != .starting }
    for signal in signals { send(signal) }
    try await eventually(within: limit, "the process has ended") { hasEnded }
  }

  /// The shell replaces itself by the program, so that the process id is the program's own. The parent whose death the
  /// kernel watches is a thread: swift-subprocess spawns from one that lives as long as this process does.
  private func runOnce() async -> String {
    let script = """
      log=$1; shift; exec >>"$log" 2>&1
      if command -v setpriv >/dev/null; then exec setpriv --pdeathsig KILL "$@"; fi
      exec "$@"
      """
    do {
      let result = try await Subprocess.run(
        .name("sh"),
        arguments: Arguments(["-c", script, "sh", log] + command),
        // Nothing of ours but the path: etcd takes settings from ETCD_ variables.
        environment: .custom(["PATH": "/usr/local/bin:/usr/bin:/bin"]),
        input: .none,
        output: .discarded,
        error: .discarded
      ) { execution in
        state.withLock { $0 = .running(execution.processIdentifier.value) }
      }
      return "\(result.terminationStatus)"
    } catch {
      return "not run: \(error)"
    }
  }
}
