import Foundation
import Holdfast
import HoldfastEmbedded
import Testing

@testable import HoldfastCommands

/// What the tool says to a command line that makes no sense, and where nobody listens.
@Suite struct UsageTests {
  @Test(arguments: [
    ["get", "/a"], ["put", "/a", "1"], ["create", "/a", "1"], ["update", "/a", "1", "--revision", "1"],
    ["delete", "/a"], ["list"], ["watch", "/a"], ["status"],
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
    ["frobnicate"], ["get"], ["get", "/a", "--colour"], ["put", "/a"], ["update", "/a", "1"], ["list", "--limit", "0"],
    ["delete", "--prefix", "/a", "--revision", "1"], ["demo", "--workers", "0"], ["demo", "--seconds", "-1"],
    ["demo", "--seconds", "nan"], ["demo", "--jobs", "0"], ["demo", "--prefix", ""], ["shell"],
    ["get", "/a", "--output", "yaml"], ["get", "", "--endpoints", "http://127.0.0.1:1"],
    ["get", "/a", "--endpoints", ""], ["get", "/a", "--endpoints", "http://127.0.0.1:1,,"],
    ["get", "/a", "--endpoints", "ftp://127.0.0.1:1"], ["get", "/a", "--endpoints", "http://127.0.0.1:99999"],
    ["get", "/a", "--endpoints", "http://127.0.0.1:1", "--timeout", "0"],
  ])
  func mistakesExit64(_ arguments: [String]) async throws {
    let result = await holdfast(arguments, input: [])
    #expect(result.code == 64, "\(result)")
    #expect(result.output.isEmpty)
    #expect(!result.errors.isEmpty)
    let json = await holdfast(arguments + ["--output=json"], input: [])
    #expect(json.code == 64)
  }

  @Test func storesThatDoNotAnswerExit69() async throws {
    let result = await holdfast(
      "get", "/a", "--endpoints", "http://127.0.0.1:1", "--timeout", "0.2", "--output", "json")
    #expect(result.code == 69)
    let code = try result.errorObject["error"] as? String
    #expect(code == "unavailable" || code == "timeout")
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
