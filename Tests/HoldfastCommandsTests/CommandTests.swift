import Foundation
import Holdfast
import HoldfastEmbedded
import TestSupport
import Testing

@testable import HoldfastCommands

/// The commands that do one thing and end.
@Suite struct CommandTests {
  private let engine = EmbeddedEngine()

  private func run(_ arguments: String..., input: [UInt8] = []) async -> ToolResult {
    await holdfast(arguments, input: input, on: engine)
  }

  @Test func putAndGet() async throws {
    let put = await run("put", "/a/1", "one", "--output", "json")
    #expect(put.code == 0)
    #expect(
      try put.objects == [["key": "/a/1", "version": 1, "createRevision": 2, "modRevision": 2, "revision": 2]])
    _ = await run("put", "/b", "")
    let get = await run("get", "/a/1", "--output", "json")
    #expect(
      try get.objects
        == [["key": "/a/1", "value": "one", "version": 1, "createRevision": 2, "modRevision": 2, "revision": 3]])
    #expect(await run("get", "/a/1").output == "one\n")
    #expect(await run("get", "/b").output == "\n")
  }

  @Test func aMissingKeyIsAnErrorWithItsOwnExitCode() async throws {
    let text = await run("get", "/a")
    #expect(text.code == 3)
    #expect(text.output.isEmpty)
    #expect(text.errors.hasPrefix("holdfast: keyNotFound"), "\(text.errors)")
    let json = await run("get", "/a", "--output", "json")
    #expect(try json.errorObject["error"] as? String == "keyNotFound")
    #expect(try json.errorObject["key"] as? String == "/a")
  }

  @Test func valuesThatAreNoTextAreBase64() async throws {
    _ = await run("put", "/a", "-", input: [0xFF, 0x00, 0x0A])
    #expect(try await run("get", "/a", "--output", "json").objects.first?["valueBase64"] as? String == "/wAK")
    #expect(await run("list").output == "/a\t2\t(3 bytes, not text)\n")
  }

  @Test func whatProgramsCompressedIsShownInflated() async throws {
    let text = String(repeating: "holdfast ", count: 500)
    let keyspace = Keyspace(prefix: "/p/", codec: JSONCodec()) { (_: String) in Key("x") }
    _ = try await withStore(.backend(engine)) { try await $0.execute(keyspace.put(text)) }
    #expect(await run("get", "/p/x").output == "\"\(text)\"\n")
    let raw = try await run("get", "/p/x", "--raw", "--output", "json").objects
    #expect((raw.first?["valueBase64"] as? String)?.hasPrefix("H4sI") == true)
  }

  @Test func createRefusesWhatExists() async throws {
    #expect(await run("create", "/a", "1").code == 0)
    let refused = await run("create", "/a", "2", "--output", "json")
    #expect(refused.code == 2)
    let error = try refused.errorObject
    #expect(error["error"] as? String == "alreadyExists")
    #expect(error["outcome"] as? String == "refused")
    #expect((error["current"] as? [String: Any])?["value"] as? String == "1")
  }

  @Test func updateAndGuardedDelete() async throws {
    _ = await run("put", "/a", "1")
    #expect(await run("update", "/a", "2", "--revision", "2").code == 0)
    #expect(await run("update", "/a", "3", "--revision", "2").code == 2)
    #expect(await run("delete", "/a", "--revision", "2").code == 2)
    let delete = await run("delete", "/a", "--revision", "3", "--output", "json")
    #expect(try delete.objects == [["deleted": 1, "key": "/a", "revision": 4]])
    #expect(await run("delete", "/a").output == "0 keys deleted\n")
    #expect(await run("update", "/new", "1", "--revision", "0").code == 0)
  }

  @Test func aPrefixIsAFolder() async throws {
    for key in ["/a/1", "/a/1/x", "/a/10/x"] { _ = await run("put", key, "v") }
    #expect(try await run("list", "/a/1", "--output", "json").objects.map { $0["key"] as? String } == ["/a/1/x"])
    let delete = await run("delete", "--prefix", "/a/1", "--output", "json")
    #expect(try delete.objects == [["deleted": 1, "prefix": "/a/1/", "revision": 5]])
    #expect(await run("list", "--keys-only").lines == ["/a/1", "/a/10/x"])
    #expect(await run("delete", "--prefix", "").output == "2 keys deleted\n")
  }

  @Test func listsAreWholeAndLimitedOnRequest() async throws {
    for index in 0..<1_234 {
      _ = try await engine.put(PutRequest(key: Key("/k/\(10_000 + index)"), value: []))
    }
    let all = await run("list", "/k", "--keys-only").lines
    #expect(all.count == 1_234)
    #expect(all == all.sorted())
    #expect(await run("list", "/k", "--keys-only", "--limit", "1001").lines == Array(all.prefix(1_001)))
  }

  @Test func timeToLive() async throws {
    let put = try await run("put", "/a", "1", "--ttl", "1.5", "--output", "json").objects
    #expect(put.first?["ttl"] as? Int == 2)
    let lease = try #require(put.first?["lease"] as? String)
    #expect(await run("put", "/b", "1", "--lease", lease).code == 0)
    #expect(await run("put", "/b", "1", "--lease", "7777").code == 3)
    #expect(await run("put", "/b", "1", "--lease", "xyz").code == 64)
    #expect(await run("put", "/b", "1", "--ttl", "0").code == 64)
  }

  @Test func status() async throws {
    let status = try #require(await run("status", "--output", "json").objects.first)
    #expect(status["version"] as? String == "embedded")
    #expect(status["revision"] as? Int == 1)
    #expect(status["isLeader"] as? Bool == true)
    #expect(status["raftTerm"] is Int)
  }

  @Test func hostileTextReachesNoTerminal() async throws {
    _ = await run("put", "/a\u{1B}[2J", "x\u{1B}]0;y\u{07}\n\u{202E}z")
    for arguments in [["list"], ["list", "--output", "json"], ["get", "/a\u{1B}[2J", "--output", "json"]] {
      let output = await holdfast(arguments, input: [], on: engine).output
      #expect(!output.contains("\u{1B}") && !output.contains("\u{07}") && !output.contains("\u{202E}"), "\(arguments)")
    }
  }

  @Test func aHostileServersErrorReachesNoTerminal() async throws {
    let server = try await ScriptedServer.start { cue, responder in
      if case .end = cue { responder.trailersOnly(status: 9, message: "no%1B[2J%C2%9Bway") }
    }
    for output in ["text", "json"] {
      let errors = await holdfast("get", "/a", "--endpoints", "\(server.endpoint)", "--output", output).errors
      #expect(errors.contains("way") && !errors.contains("\u{1B}") && !errors.contains("\u{9B}"), "\(errors)")
    }
    await server.stop()
  }

  @Test func watchPrintsWhatIsThereAndThenChanges() async throws {
    _ = await run("put", "/w/a", "1")
    let (output, errors) = (Pipe(), Pipe())
    let tool = tool(output, errors)
    try await withThrowingTaskGroup(of: Int32.self) { group in
      group.addTask { await tool.run(["watch", "--prefix", "/w", "--previous", "--output", "json"]) }
      try await eventually { output.lineCount == 2 }
      _ = await run("put", "/w/a", "2")
      _ = await run("put", "/wider", "no")
      _ = await run("delete", "/w/a")
      try await eventually { output.lineCount == 4 }
      group.cancelAll()
    }
    #expect(errors.text.isEmpty, "JSON says it itself")
    let objects = try ToolResult(code: 0, output: output.text, errors: "").objects
    #expect(objects.map { $0["event"] as? String } == ["existing", "watching", "modified", "deleted"])
    #expect(objects.map { $0["revision"] as? Int } == [2, 2, 3, 5])
    #expect((objects[3]["previous"] as? [String: Any])?["value"] as? String == "2")
  }

  @Test func watchSaysOnStandardErrorWhenItIsLive() async throws {
    _ = await run("put", "/w/a", "1")
    let (output, errors) = (Pipe(), Pipe())
    let tool = tool(output, errors)
    try await withThrowingTaskGroup(of: Int32.self) { group in
      group.addTask { await tool.run(["watch", "--prefix", "/w"]) }
      try await eventually { errors.lineCount == 1 }
      #expect(errors.text == "holdfast: watching from revision 2\n")
      #expect(output.text == "existing\t/w/a\t2\t1\n")
      group.cancelAll()
    }
  }

  private func tool(_ output: Pipe, _ errors: Pipe) -> Tool {
    var tool = Tool(environment: [:], input: Pipe().source, output: output.sink, errors: errors.sink)
    tool.backend = .backend(engine)
    return tool
  }
}
