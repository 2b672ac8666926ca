import Foundation
import Subprocess
import TestSupport
import Testing

/// Locks with and without a command, on real servers, as processes.
@Suite struct LockCommandTests {
  private func lock(_ etcd: EtcdServer, _ options: String..., script: String? = nil) -> [String] {
    ["lock", "/l", "--endpoints", etcd.clientURL] + options + (script.map { ["--", "sh", "-c", $0] } ?? [])
  }

  @Test(arguments: EtcdVersion.allCases)
  func theCommandsExitCodeAndEnvironment(version: EtcdVersion) async throws {
    try await withEtcd(version) { etcd in
      let script = #"echo "$HOLDFAST_LOCK_KEY"; echo "$HOLDFAST_LOCK_REVISION $HOLDFAST_LOCK_LEASE"; read x; exit 7"#
      let (status, lines) = try await ToolProcess.run(lock(etcd, script: script)) { holder in
        try await holder.wait(forLines: 2)
        let entry = try #require(try await etcd.get(key: holder.lines[0]))
        #expect(holder.lines[1] == "\(entry.createRevision) \(String(entry.lease, radix: 16))")
        #expect(entry.key.hasPrefix("/l/"))
        return holder.lines
      }
      #expect(status == .exited(7))
      #expect(lines.count == 2, "with a command nothing else is printed")
      #expect(try await etcd.list(prefix: "/l").isEmpty, "it is released")
      #expect(try await etcd.leases().isEmpty)
      let (killed, _) = try await ToolProcess.run(lock(etcd, script: "kill -9 $$")) { _ in }
      #expect(killed == .exited(137))
      let (missing, _) = try await ToolProcess.run(
        ["lock", "/l", "--endpoints", etcd.clientURL, "--", "/there/is/none"]) { _ in }
      #expect(missing == .exited(127))
    }
  }

  /// Nobody holds it, for all that is known.
  @Test func aStoreThatIsAwayHoldsNothing() async throws {
    let port = try await LoopbackPorts.free()
    let result = await holdfast(
      ["lock", "/l", "--endpoints", "http://127.0.0.1:\(port)", "--wait", "0.2", "--timeout", "1"], input: [])
    #expect(result.code == 69 && !result.errors.contains("lockHeld"), "\(result)")
  }

  @Test(arguments: EtcdVersion.allCases) func aSecondContenderWaits(version: EtcdVersion) async throws {
    try await withEtcd(version) { etcd in
      let (first, _) = try await ToolProcess.run(lock(etcd, script: "echo in; read x; exit 1")) { first in
        try await first.wait(forLines: 1)
        let held = try #require(try await etcd.list(prefix: "/l/").first)
        let (second, token) = try await ToolProcess.run(
          lock(etcd, "--output", "json", script: "echo $HOLDFAST_LOCK_REVISION")
        ) { second in
          try await eventually { try await etcd.list(prefix: "/l/").count == 2 }
          // A contender that did not wait would have no reason to be here still.
          #expect(second.lines.isEmpty)
          for refused in await [etcd.holdfast("lock", "/l", "--try"), etcd.holdfast("lock", "/l", "--wait", "0.3")] {
            #expect(refused.code == 2 && refused.errors.contains("lockHeld"), "\(refused)")
          }
          try await first.endInput()
          try await second.wait(forLines: 2)
          return try #require(Int64(second.lines[1]))
        }
        #expect(second == .exited(0))
        #expect(token > held.createRevision)
      }
      #expect(first == .exited(1))
    }
  }

  /// It ignores SIGTERM, so that only SIGKILL ends it.
  @Test(arguments: EtcdVersion.allCases) func aLostLeaseEndsTheCommand(version: EtcdVersion) async throws {
    try await withEtcd(version) { etcd in
      let script = "trap 'echo asked' TERM; echo $$; while :; do sleep 0.05; done"
      let (status, lines) = try await ToolProcess.run(lock(etcd, "--grace", "0.5", script: script)) { holder in
        try await holder.wait(forLines: 1)
        let pid = try #require(Int32(holder.lines[0]))
        let held = try #require(try await etcd.list(prefix: "/l/").first)
        try await etcd.revokeLease(held.lease)
        try await eventually { holder.hasEnded }
        #expect(kill(pid, 0) != 0, "the command has ended before us")
        return holder.lines
      }
      #expect(status == .exited(75))
      #expect(lines.contains("asked"))
    }
  }

  @Test(arguments: EtcdVersion.allCases) func signalsAreTheCommands(version: EtcdVersion) async throws {
    try await withEtcd(version) { etcd in
      let script = "trap 'echo one' USR1; trap 'exit 9' TERM; echo in; while :; do sleep 0.05; done"
      let (status, _) = try await ToolProcess.run(lock(etcd, script: script)) { holder in
        try await holder.wait(forLines: 1)
        holder.signal(.userDefinedOne)
        try await holder.wait(forLines: 2)
        #expect(holder.lines[1] == "one")
        holder.signal(.terminate)
        try await eventually { holder.hasEnded }
      }
      #expect(status == .exited(9))
      let (unhandled, _) = try await ToolProcess.run(lock(etcd, script: "echo in; exec sleep 100")) { holder in
        try await holder.wait(forLines: 1)
        holder.signal(.terminate)
        try await eventually { holder.hasEnded }
      }
      #expect(unhandled == .exited(143))
    }
  }

  /// In the foreground of a terminal, where the kernel gives what is typed to everybody.
  @Test func onATerminalASignalComesOnce() async throws {
    try await withEtcd(.v3_5_1) { etcd in
      let script =
        "trap 'echo int' INT; trap 'echo one' USR1; trap 'exit 9' TERM; echo $PPID; while :; do sleep 0.05; done"
      let terminal: @Sendable ([String]) -> [String] = { words in
        let command = words.map { "'\($0.replacingOccurrences(of: "'", with: #"'\''"#))'" }.joined(separator: " ")
        return ["script", "-qec", command, "/dev/null"]
      }
      _ = try await ToolProcess.run(lock(etcd, script: script), in: terminal) { holder in
        try await holder.wait(forLines: 1)
        let tool = try #require(Int32(holder.lines[0].trimmingCharacters(in: .whitespacesAndNewlines)))
        func shown(_ text: String) -> Int { holder.lines.count { $0.contains(text) } }
        /// What the tool is sent later it passes on later.
        func afterThat() async throws {
          let before = shown("one")
          kill(tool, SIGUSR1)
          try await eventually(within: .seconds(30)) { shown("one") > before }
        }
        kill(tool, SIGINT)
        try await afterThat()
        #expect(shown("int") == 1, "sent to the tool alone it is passed on: \(holder.lines)")
        try await holder.type("\u{3}")
        try await eventually(within: .seconds(30)) { shown("int") > 1 }
        try await afterThat()
        #expect(shown("int") == 2, "Ctrl-C is not doubled: \(holder.lines)")
        kill(tool, SIGTERM)
        try await eventually { holder.hasEnded }
      }
      #expect(try await etcd.list(prefix: "/l").isEmpty)
    }
  }

  /// `nohup` ignores SIGHUP, and a shell SIGINT for what a script runs in the background.
  @Test(
    arguments: [
      (["nohup"], Signal.terminalClosed), (["sh", "-c", #"trap '' INT QUIT; exec "$@""#, "sh"], .interrupt),
      (["sh", "-c", #"trap '' INT QUIT; exec "$@""#, "sh"], .quit),
    ] as [([String], Signal)])
  func whatIsIgnoredStaysSo(wrapper: [String], signal: Signal) async throws {
    try await withEtcd(.v3_5_1) { etcd in
      let script = "trap 'echo one' USR1; trap 'exit 9' TERM; echo $$; while :; do sleep 0.05; done"
      let (status, _) = try await ToolProcess.run(lock(etcd, script: script), in: { wrapper + $0 }) { holder in
        try await holder.wait(forLines: 1)
        let command = try #require(Int32(holder.lines[0]))
        holder.signal(signal)
        kill(command, signal.rawValue)
        holder.signal(.userDefinedOne)
        try await eventually(within: .seconds(30)) { holder.hasEnded || holder.lines.count > 1 }
        #expect(holder.lines.dropFirst() == ["one"])
        holder.signal(.terminate)
        try await eventually { holder.hasEnded }
      }
      #expect(status == .exited(9))
      let (alone, _) = try await ToolProcess.run(lock(etcd), in: { wrapper + $0 }) { holder in
        try await holder.wait(forLines: 1)
        holder.signal(signal)
        holder.signal(.terminate)
        try await eventually { holder.hasEnded }
      }
      #expect(alone == .exited(143))
    }
  }

  @Test(arguments: EtcdVersion.allCases) func withoutACommandItIsHeldUntilInterrupted(version: EtcdVersion) async throws
  {
    try await withEtcd(version) { etcd in
      let (status, _) = try await ToolProcess.run(lock(etcd, "--output", "json", "--ttl", "60")) { holder in
        try await holder.wait(forLines: 1)
        let line = try ToolResult(code: 0, output: holder.lines[0] + "\n", errors: "").objects[0]
        let key = try #require(line["key"] as? String)
        let entry = try #require(try await etcd.get(key: key))
        #expect(line["token"] as? Int64 == entry.createRevision)
        #expect(line["lease"] as? String == String(entry.lease, radix: 16))
        holder.signal(.interrupt)
        try await eventually { holder.hasEnded }
      }
      #expect(status == .exited(130))
      #expect(try await etcd.list(prefix: "/l").isEmpty, "it is released, and not only after its time to live")
    }
  }
}
