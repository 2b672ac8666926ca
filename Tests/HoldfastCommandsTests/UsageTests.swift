import Foundation
import Holdfast
import HoldfastEmbedded
import Testing

@testable import HoldfastCommands

/// What the tool says to a command line that makes no sense, and where nobody listens.
///
/// One after the other: each parses for a twentieth of a second, and a hundred of them at once would keep every thread from the tests
/// that run beside them.
@Suite(.serialized) struct UsageTests {
  @Test(arguments: [
    ["get", "/a"], ["put", "/a", "1"], ["create", "/a", "1"], ["update", "/a", "1", "--revision", "1"],
    ["delete", "/a"], ["list"], ["watch", "/a"], ["status"], ["lease", "grant", "5"], ["lease", "revoke", "1"],
    ["lease", "keep-alive", "1"], ["lease", "list"], ["lease", "timetolive", "1"], ["lock", "/l"],
    ["elect", "campaign", "/e", "me"], ["elect", "observe", "/e"], ["elect", "leader", "/e"],
    ["elect", "resign", "/e"],
    ["compact", "1"],
  ])
  func commandsNeedAStore(_ arguments: [String]) async throws {
    let text = await holdfast(arguments, input: [])
    #expect(text.code == 64)
    #expect(text.output.isEmpty)
    #expect(text.errors.contains("--endpoints") && text.errors.contains("HOLDFAST_ENDPOINTS"), "\(text.errors)")
    let json = await holdfast(arguments + ["--output", "json"], input: [])
    #expect(json.code == 64)
    #expect(try json.errorObject["error"] as? String == "invalidArgument")
  }

  @Test(arguments: [
    ["member", "list"], ["member", "add", "m", "--peer-urls", "http://127.0.0.1:1"], ["member", "promote", "m"],
    ["member", "update", "m", "--peer-urls", "http://127.0.0.1:1"], ["member", "remove", "m"], ["move-leader", "m"],
    ["endpoint", "status"], ["endpoint", "health"], ["endpoint", "hash"], ["alarm", "list"], ["alarm", "disarm"],
    ["snapshot", "save", "/f"], ["defragment"], ["auth", "enable"], ["auth", "disable"], ["auth", "status"],
    ["user", "list"], ["user", "get", "u"], ["user", "add", "u", "--no-password"], ["user", "delete", "u"],
    ["user", "passwd", "u"], ["user", "grant-role", "u", "r"], ["user", "revoke-role", "u", "r"], ["role", "list"],
    ["role", "get", "r"], ["role", "add", "r"], ["role", "delete", "r"],
    ["role", "grant-permission", "r", "read", "/a"], ["role", "revoke-permission", "r", "/a"],
  ])
  func onlyEtcdServesThese(_ arguments: [String]) async throws {
    for engine in [nil, EmbeddedEngine()] {
      let result = await holdfast(arguments, input: [], on: engine)
      #expect(result.code == 64 && result.output.isEmpty, "\(result)")
      #expect(result.errors.contains("--endpoints") && result.errors.contains("HOLDFAST_ENDPOINTS"), "\(result.errors)")
    }
  }

  @Test(arguments: [
    ["frobnicate"], ["get"], ["get", "/a", "--colour"], ["put", "/a"], ["update", "/a", "1"], ["list", "--limit", "0"],
    ["delete", "--prefix", "/a", "--revision", "1"], ["demo", "--workers", "0"], ["demo", "--seconds", "-1"],
    ["demo", "--seconds", "nan"], ["demo", "--jobs", "0"], ["demo", "--prefix", ""], ["shell"],
    ["shell", "--prefix", "/a", "--timeout", "nan"],
    ["get", "/a", "--output", "yaml"], ["get", "", "--endpoints", "http://127.0.0.1:1"],
    ["get", "/a", "--endpoints", ""], ["get", "/a", "--endpoints", "http://127.0.0.1:1,,"],
    ["get", "/a", "--endpoints", "ftp://127.0.0.1:1"], ["get", "/a", "--endpoints", "http://127.0.0.1:99999"],
    ["get", "/a", "--endpoints", "http://127.0.0.1:1", "--timeout", "0"], ["lease", "grant"], ["lease", "grant", "x"],
    ["lease", "frobnicate"], ["lock"], ["lock", "/l", "--ttl", "0"], ["lock", "/l", "--grace", "-1"],
    ["lock", "/l", "--try", "--wait", "1"], ["lock", "/l", "ls"], ["elect", "campaign", "/e"],
    ["elect", "campaign", "/e", "me", "--wait", "-1"], ["member", "add", "m"],
    ["member", "add", "m", "--peer-urls", "http://127.0.0.1:1,"], ["compact"], ["compact", "0"],
    ["compact", "1", "--keep", "1"], ["compact", "--keep", "-1"], ["endpoint", "hash", "--revision", "0"],
    ["user", "add", "u:s3cret"], ["user", "add", "u", "--no-password", "--new-password-stdin"],
    ["role", "grant-permission", "r", "eat", "/a"], ["role", "grant-permission", "r", "read", "/a", "/b", "--prefix"],
  ])
  func mistakesExit64(_ arguments: [String]) async throws {
    let result = await holdfast(arguments, input: [])
    #expect(result.code == 64, "\(result)")
    #expect(result.output.isEmpty)
    #expect(!result.errors.isEmpty)
    let json = await holdfast(arguments + ["--output=json"], input: [])
    #expect(json.code == 64)
  }

  @Test(arguments: [
    (["list", "--limit", "-1"], "--limit is -1; it must be at least 1"),
    (["demo", "--jobs", "-1"], "--jobs is -1; it must be at least 1"),
    (["simulate", "--seeds", "-1"], "--seeds is -1; it must be at least 1"),
    (["lock", "/l", "--ttl", "-1"], "--ttl is -1.0; it must be a positive number"),
    (["get", "/a", "--endpoints", "http://127.0.0.1:1", "--timeout", "-1"], "--timeout is -1.0; it must be"),
    (["put", "/a", "1", "--ttl", "-1", "--endpoints", "http://127.0.0.1:1"], "--ttl is -1.0; it must be"),
    (["compact", "--keep", "-1"], "--keep is -1; it must be at least 0"),
    (["user", "add", "u:s3cret"], "give the name alone"),
  ]) func mistakesAreNamed(_ arguments: [String], says: String) async {
    let result = await holdfast(arguments, input: [])
    #expect(result.code == 64 && result.errors.contains(says), "\(result.errors)")
    #expect(!result.errors.contains("s3cret"))
  }

  @Test func version() async {
    let result = await holdfast("--version")
    #expect(result.code == 0 && result.output.hasPrefix("holdfast ") && result.lines.count == 1)
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func completion(shell: String) async {
    let result = await holdfast("--generate-completion-script", shell)
    #expect(result.code == 0 && result.output.contains("grant-permission"))
  }

  @Test func storesThatDoNotAnswerExit69() async throws {
    let result = await holdfast(
      "get", "/a", "--endpoints", "http://127.0.0.1:1", "--timeout", "0.2", "--output", "json")
    #expect(result.code == 69)
    let code = try result.errorObject["error"] as? String
    #expect(code == "unavailable" || code == "timeout")
  }

  @Test(arguments: [
    (["gte", "/a"], "'holdfast gte'. Did you mean 'get'?"),
    (["help", "wtach"], "'holdfast wtach'. Did you mean 'watch'?"),
    (["lease", "gran", "5"], "'holdfast lease gran'. Did you mean 'grant'?"),
    (["xyzzy"], "'holdfast xyzzy'. See 'holdfast --help'."), (["lease", "nosuch"], "See 'holdfast lease --help'."),
    (["\u{1b}[2J"], "'holdfast \\x1b[2J'"), ([""], "'holdfast '"),
  ])
  func commandsThatThereAreNotAreNamed(_ arguments: [String], part: String) async throws {
    let text = await holdfast(arguments, input: [])
    #expect(text.code == 64 && text.output.isEmpty)
    #expect(text.errors.contains("there is no command ") && text.errors.contains(part), "\(text.errors)")
    let json = await holdfast(arguments + ["--output", "json"], input: [])
    #expect(json.code == 64)
    #expect(try json.errorObject["error"] as? String == "invalidArgument")
  }

  @Test(arguments: [
    ["help"], ["help", "help"], ["help", "lease", "grant"], ["help", "defrag"], ["defrag", "--help"],
  ])
  func commandsThatThereAreAreExplained(_ arguments: [String]) async {
    #expect(await holdfast(arguments, input: []).code == 0)
  }

  @Test func theEnvironmentNamesTheStore() async throws {
    let result = await holdfast(
      "get", "/a", "--timeout", "0.2", environment: ["HOLDFAST_ENDPOINTS": "http://127.0.0.1:1"])
    #expect(result.code == 69)
  }

  @Test func helpGoesToStandardOutput() async {
    for arguments in [[], ["--help"], ["help"], ["help", "get"], ["shell", "--help"]] {
      let result = await holdfast(arguments, input: [])
      #expect(result.code == 0)
      #expect(result.errors.isEmpty)
      #expect(result.output.contains("USAGE"), "\(arguments)")
    }
    let help = await holdfast("--help").output
    for status in ExitStatus.all { #expect(help.contains(" \(status.code)  \(status.meaning)")) }
  }

  @Test func anOutputThatNobodyReadsExits74() async {
    let closed = ByteSink { _ in throw ClosedOutput() }
    var tool = Tool(environment: [:], input: Pipe().source, output: closed, errors: closed)
    tool.backend = .backend(EmbeddedEngine())
    #expect(await tool.run(["put", "/a", "1"]) == 74)
    #expect(await tool.run(["shell", "--prefix", "/a"]) == 0, "it had nothing to say")
  }
}
