import Foundation
import HoldfastCommands
import Subprocess
import TestSupport
import Testing

/// What only a process can show: signals, pipes, processor time.
@Suite struct ToolProcessTests {
  @Test func theShellEndsWithItsInput() async throws {
    let (status, answer) = try await ToolProcess.run(["shell", "--prefix", "/s"]) { shell in
      _ = try await shell.ask("put a 1")
      return try await shell.ask("get a")["value"] as? String
    }
    #expect(answer == "1")
    #expect(status == .exited(0))
  }

  @Test(arguments: [(Signal.terminate, 143), (.interrupt, 130)] as [(Signal, Int32)])
  func signalsEndIt(signal: Signal, code: Int32) async throws {
    let (shell, _) = try await ToolProcess.run(["shell", "--prefix", "/s"]) { shell in
      _ = try await shell.ask("health")
      shell.signal(signal)
      // Or the end of its input would end it first.
      try await eventually { shell.hasEnded }
    }
    #expect(shell == .exited(code))
    #if os(Linux)
      let (demo, _) = try await ToolProcess.run(["demo", "--seconds", "100", "--cut-every", "0.1"]) { demo in
        try await eventually { try demo.cpuTime() > 300_000_000 }
        demo.signal(signal)
        try await eventually { demo.hasEnded }
      }
      #expect(demo == .exited(code))
    #endif
  }

  #if os(Linux)
    @Test(arguments: EtcdVersion.allCases) func aStoppedCacheUsesNoProcessorTime(version: EtcdVersion) async throws {
      try await withEtcd(version) { etcd in
        let arguments = ["shell", "--prefix", "/s", "--endpoints", etcd.clientURL]
        let (status, times) = try await ToolProcess.run(arguments) { shell in
          /// What the shell computes while others write what its cache follows.
          func cost() async throws -> (nanoseconds: Int, revision: Int64) {
            let before = try shell.cpuTime()
            var revision: Int64 = 0
            for index in 0..<300 { revision = try await etcd.put(key: "/s/\(index)", value: "v") }
            return (try shell.cpuTime() - before, revision)
          }
          let running = try await cost()
          #expect(try await shell.ask("wait \(running.revision)")["ok"] as? Bool == true)
          let stop = try await shell.ask("stop")
          #expect(stop["state"] as? String == "stopped")
          let stopped = try await cost()
          #expect(try await shell.ask("health")["revision"] as? Int == stop["revision"] as? Int)
          #expect(try await shell.ask("start")["revision"] as? Int64 == stopped.revision)
          return (running.nanoseconds, stopped.nanoseconds)
        }
        #expect(status == .exited(0))
        #expect(times.1 * 20 < times.0, "\(times.1) ns stopped, \(times.0) ns running")
      }
    }
  #endif

  @Test func aLogLevelThatThereIsNotIsNamed() async throws {
    let result = try await shell(
      #"HOLDFAST_LOG=inof "$0" get /a --endpoints http://127.0.0.1:1 --timeout 0.1; echo $?"#)
    #expect(result.output == "69\n")
    #expect(result.errors.contains("HOLDFAST_LOG is 'inof'") && result.errors.contains("warning"), "\(result.errors)")
    let known = try await shell(#"HOLDFAST_LOG=info "$0" --version"#)
    #expect(known.errors.isEmpty)
  }

  /// Swift would replace the byte, and the command would act on another key.
  @Test func argumentsThatAreNoTextAreRefused() async throws {
    let result = try await shell(#"HOLDFAST_ENDPOINTS=http://127.0.0.1:1 "$0" delete "$(printf '/k\377')"; echo $?"#)
    #expect(result.output == "64\n")
    #expect(result.errors.contains("UTF-8"))
  }

  @Test(.timeLimit(.minutes(5)), arguments: ["< /", "<&-"])
  func anInputThatCannotBeReadExits74(redirection: String) async throws {
    let result = try await shell(#""$0" shell --prefix /p \#(redirection); echo $?"#)
    #expect(result.output == "74\n")
    #expect(result.errors.contains("standard input"))
  }

  /// Its place is not taken by a pipe or a socket, which would be written to.
  @Test func anOutputThatIsClosedExits74() async throws {
    let result = try await shell(#"(echo health | "$0" shell --prefix /p >&-); echo $?"#)
    #expect(result.output == "74\n", "\(result.errors)")
    let silent = try await shell(#""$0" get /a --endpoints http://127.0.0.1:1 --timeout 0.1 2>&-; echo $?"#)
    #expect(silent.output == "69\n")
  }

  private func shell(_ script: String) async throws -> (output: String, errors: String) {
    let result = try await Subprocess.run(
      .name("sh"), arguments: ["-c", script, ToolProcess.executable], output: .string(limit: 1 << 16),
      error: .string(limit: 1 << 16))
    return (result.standardOutput, result.standardError)
  }

  @Test func aReaderThatGoesAwayIsNoCrash() async throws {
    let result = try await Subprocess.run(
      .name("sh"),
      arguments: [
        "-c", "(yes health | head -5000 | \"$0\" shell --prefix /s; echo $? >&2) | head -1", ToolProcess.executable,
      ],
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    #expect(result.standardOutput.contains("\"ok\":true"))
    #expect(result.standardError == "74\n")
  }
}
