import Foundation
import Holdfast
import HoldfastEmbedded
import Synchronization
import Testing

@testable import HoldfastCommands

/// Conversations: what is typed, and what is answered, line by line.
@Suite struct ShellTests {
  @Test func loadingTakesNoLongerThanTheTimeout() async throws {
    let result = await holdfast("shell", "--prefix", "/s", "--endpoints", "http://127.0.0.1:1", "--timeout", "0.2")
    #expect(result.code == 69 && result.output.isEmpty)
    #expect(result.errors.contains("did not load within 0.2 seconds"), "\(result.errors)")
  }

  struct Script: Sendable, CustomTestStringConvertible {
    var name: String
    /// A line typed and the answer's JSON; nil where nothing is answered. `…` stands for anything: messages, and how far the
    /// cache has followed the store, which may be behind its own writes.
    var talk: [(String, String?)]
    var testDescription: String { name }

    init(_ name: String, _ talk: [(String, String?)]) {
      self.name = name
      self.talk = talk
    }
  }

  static let scripts = [
    Script(
      "reads and writes",
      [
        ("get a", #"{"ok":true,"found":false,"key":"a","value":null}"#),
        ("put a 1", #"{"ok":true,"key":"a","version":1,"createRevision":2,"modRevision":2,"revision":2}"#),
        (
          "get a",
          #"{"ok":true,"found":true,"key":"a","value":"1","version":1,"createRevision":2,"modRevision":2}"#
        ),
        (
          "store-get a",
          #"{"ok":true,"found":true,"key":"a","value":"1","version":1,"createRevision":2,"modRevision":2}"#
        ),
        (
          "create a 2",
          #"{"error":"alreadyExists","message":"…","key":"a","outcome":"refused","revision":2,"current":"…"}"#
        ),
        (
          "update a 2 two words ", #"{"ok":true,"key":"a","version":2,"createRevision":2,"modRevision":3,"revision":3}"#
        ),
        (
          "update a 2 3",
          #"{"error":"revisionMismatch","message":"…","key":"a","outcome":"refused","revision":3,"current":"…"}"#
        ),
        ("size", #"{"ok":true,"entries":1,"bytes":"…"}"#),
        (
          "delete a 2",
          #"{"error":"revisionMismatch","message":"…","key":"a","outcome":"refused","revision":3,"current":"…"}"#
        ),
        ("delete a 3", #"{"ok":true,"key":"a","deleted":1,"revision":4}"#),
        ("delete a", #"{"ok":true,"key":"a","deleted":0,"revision":4}"#),
        ("get a", #"{"ok":true,"found":false,"key":"a","value":null}"#),
        ("size", #"{"ok":true,"entries":0,"bytes":0}"#),
        ("wait 4", #"{"ok":true,"state":"…","revision":"…"}"#),
        ("health", #"{"ok":true,"state":"live","revision":"…","quarantined":0,"cause":null,"progress":null}"#),
      ]),
    Script(
      "prefixes are folders",
      [
        ("put a/1/x v", "…"), ("put a/10/x v", "…"), ("put a/1 v", "…"),
        (
          "list a/1",
          #"{"ok":true,"prefix":"a/1","count":1,"revision":"…","items":[{"key":"a/1/x","value":"v","version":1,"createRevision":2,"modRevision":2}]}"#
        ),
        ("delete-prefix a/1", #"{"ok":true,"prefix":"a/1","deleted":1,"revision":5}"#),
        (
          "list a/10/",
          #"{"ok":true,"prefix":"a/10/","count":1,"revision":"…","items":[{"key":"a/10/x","value":"v","version":1,"createRevision":3,"modRevision":3}]}"#
        ),
        ("delete-prefix \"\"", #"{"ok":true,"prefix":"","deleted":2,"revision":6}"#),
        ("list", #"{"ok":true,"prefix":"","count":0,"revision":"…","items":[]}"#),
      ]),
    Script(
      "a bad line ends nothing",
      [
        ("frob", #"{"error":"invalidArgument","message":"…"}"#),
        ("put", #"{"error":"invalidArgument","message":"…"}"#),
        ("commit", #"{"error":"invalidArgument","message":"…"}"#),
        ("start", #"{"error":"alreadyRunning","message":"…"}"#),
        ("wait 1000 20", #"{"error":"futureRevision","message":"…","revision":1}"#),
        ("", nil), ("# a comment", nil),
        ("put a/../b 1", #"{"error":"invalidArgument","message":"…","key":"…","outcome":"refused"}"#),
        ("size", #"{"ok":true,"entries":0,"bytes":0}"#),
      ]),
    Script(
      "a transaction",
      [
        ("put c 0", "…"), ("txn", nil), ("put a 1", nil), ("create b 2", nil), ("get c", nil), ("delete d", nil),
        (
          "commit",
          #"""
          {"ok":true,"revision":3,"results":[
          {"ok":true,"key":"a","version":1,"createRevision":3,"modRevision":3,"revision":3},
          {"ok":true,"key":"b","version":1,"createRevision":3,"modRevision":3,"revision":3},
          {"ok":true,"found":true,"key":"c","value":"0","version":1,"createRevision":2,"modRevision":2},
          {"ok":true,"key":"d","deleted":0}]}
          """#
        ),
        (
          "get b",
          #"{"ok":true,"found":true,"key":"b","value":"2","version":1,"createRevision":3,"modRevision":3}"#
        ),
      ]),
    Script(
      "a refused transaction writes nothing",
      [
        ("put b 1", "…"), ("txn", nil), ("put a 1", nil), ("create b 2", nil),
        (
          "commit", #"{"error":"alreadyExists","message":"…","key":"b","outcome":"refused","revision":2,"current":"…"}"#
        ),
        ("get a", #"{"ok":true,"found":false,"key":"a","value":null}"#),
        ("txn", nil), ("put a 1", nil), ("put a 2", nil),
        ("commit", #"{"error":"duplicateKey","message":"…","key":"a","outcome":"refused"}"#),
        ("txn", nil), ("put a 1", nil), ("abort", #"{"ok":true,"aborted":true}"#),
        ("store-get a", #"{"ok":true,"found":false,"key":"a","value":null}"#),
      ]),
    Script(
      "a transaction with a wrong line writes nothing",
      [
        ("txn", nil), ("put a 1", nil), ("creat b 2", #"{"error":"invalidArgument","message":"…"}"#),
        ("health", #"{"error":"invalidArgument","message":"…"}"#), ("put c 1", nil),
        ("commit", #"{"error":"invalidArgument","message":"…","outcome":"refused"}"#),
        ("list", #"{"ok":true,"prefix":"","count":0,"revision":"…","items":[]}"#),
        ("txn", nil), ("put a 1", nil), ("commit", "…"), ("size", #"{"ok":true,"entries":1,"bytes":"…"}"#),
      ]),
    Script(
      "stop and start",
      [
        ("put a 1", "…"), ("stop", #"{"ok":true,"state":"stopped","revision":"…"}"#),
        ("get a", #"{"error":"stopped","message":"…"}"#), ("size", #"{"error":"stopped","message":"…"}"#),
        ("wait 3 0.05", #"{"error":"stopped","message":"…"}"#), ("stop", #"{"error":"stopped","message":"…"}"#),
        ("put a 2", "…"),
        (
          "store-get a",
          #"{"ok":true,"found":true,"key":"a","value":"2","version":2,"createRevision":2,"modRevision":3}"#
        ),
        ("start", #"{"ok":true,"state":"…","revision":3}"#),
        (
          "get a",
          #"{"ok":true,"found":true,"key":"a","value":"2","version":2,"createRevision":2,"modRevision":3}"#
        ),
        ("wait 3", #"{"ok":true,"state":"…","revision":"…"}"#),
      ]),
    Script(
      "an input that ends in a transaction",
      [("txn", nil), ("put a 1", #"{"error":"invalidArgument","message":"…"}"#)]),
  ]

  @Test(arguments: scripts) func conversation(_ script: Script) async throws {
    let input = script.talk.map(\.0).joined(separator: "\n")
    let result = await holdfast("shell", "--prefix", "/shell", input: input)
    #expect(result.code == 0)
    #expect(result.errors.isEmpty, "\(result.errors)")
    let answers = try result.objects
    let expected = script.talk.filter { $0.1 != nil }
    try #require(answers.count == expected.count, "\(result.output)")
    for ((line, answer), object) in zip(expected, answers) {
      guard let answer, answer != "…" else {
        #expect(object["ok"] as? Bool == true, "\(line): \(object)")
        continue
      }
      let wanted = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? NSDictionary
      #expect(masked(object, like: wanted) == wanted, "\(line): \(object)")
    }
  }

  /// Replaces what the expectation does not care about.
  private func masked(_ object: NSDictionary, like wanted: NSDictionary?) -> NSDictionary {
    guard let masked = object.mutableCopy() as? NSMutableDictionary else { return object }
    for (key, value) in wanted ?? [:] where value as? String == "…" && object[key] != nil {
      if let key = key as? String { masked[key] = "…" }
    }
    return masked
  }

  @Test func bytesThatAreNoText() async throws {
    let input = Array("put \"k\\xff\" ".utf8) + [0xFE, 0x0D] + Array("\nlist\nget \"k\\xff\"\n".utf8)
    let result = await holdfast(["shell", "--prefix", "/s"], input: input)
    let answers = try result.objects
    #expect(answers.map { $0["ok"] as? Bool } == [true, true, true])
    #expect(answers.first?["keyBase64"] as? String == "a/8=")
    #expect(answers.last?["valueBase64"] as? String == "/g0=")
  }

  @Test func aLineBeyondTheLimitIsRefusedAndForgotten() async throws {
    let input = "put a " + String(repeating: "x", count: 3 << 20) + "\nget a\n"
    let answers = try await holdfast("shell", "--prefix", "/s", input: input).objects
    #expect(answers.map { $0["error"] as? String } == ["requestTooLarge", nil])
  }

  @Test func theCacheFollowsOtherWriters() async throws {
    let engine = EmbeddedEngine()
    _ = try await engine.put(PutRequest(key: "/s/a", value: Array("there".utf8)))
    let (output, backend) = (Pipe(), BackendConfiguration.backend(engine))
    // The second line is read only after somebody else has written.
    let lines = Mutex(["get a\n", "wait 4\n", "get a\n"])
    let source = ByteSource {
      let line = lines.withLock { $0.isEmpty ? nil : $0.removeFirst() }
      if line == "wait 4\n" {
        _ = try await engine.put(PutRequest(key: "/s/a", value: Array("new".utf8)))
        _ = try await engine.put(PutRequest(key: "/elsewhere", value: []))
      }
      return line.map { Array($0.utf8) }
    }
    var tool = Tool(environment: [:], input: source, output: output.sink, errors: Pipe().sink)
    tool.backend = backend
    #expect(await tool.run(["shell", "--prefix", "/s"]) == 0)
    let answers = try ToolResult(code: 0, output: output.text, errors: "").objects
    #expect(answers.map { $0["value"] as? String } == ["there", nil, "new"])
    #expect(answers[1]["state"] as? String == "live")
  }

  @Test func aStoreThatIsAwayIsAnErrorAtTheBeginning() async throws {
    let result = await holdfast("shell", "--prefix", "/s", "--endpoints", "http://127.0.0.1:1", input: "health\n")
    #expect(result.code == 69)
    #expect(result.output.isEmpty)
    // On a busy machine the time may be over before the refusal has come.
    let error = try #require(try result.errorObject["error"] as? String)
    #expect(["unavailable", "timeout"].contains(error))
  }
}
