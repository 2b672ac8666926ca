import Holdfast
import Testing

@testable import HoldfastCommands

@Suite struct ShellLineTests {
  @Test(
    arguments: [
      ("get a", .get("a")), ("  get \t a  ", .get("a")), ("store-get a", .storeGet("a")), ("list", .list("")),
      ("list a/b", .list("a/b")), ("put a b c ", .put("a", Array("b c ".utf8))), ("put a ", .put("a", [])),
      ("put a  x", .put("a", Array(" x".utf8))), ("create a {\"n\": 1}", .create("a", Array("{\"n\": 1}".utf8))),
      ("update a 7 b", .update("a", 7, Array("b".utf8))), ("delete a", .delete("a", nil)),
      ("delete a 7", .delete("a", 7)), ("delete-prefix \"\"", .deletePrefix("")), ("txn", .begin), ("commit", .commit),
      ("abort", .abort), ("wait 7", .wait(7, seconds: 10)), ("wait 7 0.5", .wait(7, seconds: 0.5)), ("health", .health),
      ("size", .size), ("stop", .stop), ("start", .start), ("help", .help),
      (#"get "a b\"\\\n\r\t\x00\xfF""#, .get(Key(bytes: Array("a b\"\\\n\r\t\0".utf8) + [0xFF]))), ("get ä", .get("ä")),
    ] as [(String, ShellLine)])
  func lines(_ text: String, _ line: ShellLine) throws {
    #expect(try ShellLine.parse(Array(text.utf8)) == line)
  }

  @Test(arguments: ["", "   ", "\t", "# get a", "  #"]) func nothing(_ text: String) throws {
    #expect(try ShellLine.parse(Array(text.utf8)) == nil)
  }

  @Test(arguments: [
    ("get", "needs a key"), ("get a b", "does not take 'b'"), ("get \"\"", "not empty"), ("put a", "needs a value"),
    ("put", "needs a key"), ("update a x y", "needs a revision, and 'x' is none"), ("update a 7", "needs a value"),
    ("update a -1 x", "needs a revision"), ("delete a 99999999999999999999", "needs a revision"),
    ("wait", "needs a revision"), ("wait 7 soon", "number of seconds"), ("wait 7 -1", "number of seconds"),
    ("wait 7 nan", "number of seconds"), ("wait 7 inf", "number of seconds"), ("commit now", "does not take 'now'"),
    ("frob", "no command 'frob'"), ("GET a", "no command 'GET'"), ("get \"a", "not closed"),
    ("get \"a\"b", "followed by a blank"), (#"get "\q""#, "can be escaped"), (#"get "\x1""#, "hexadecimal"),
    (#"get "\x+1""#, "hexadecimal"), ("delete-prefix", "needs a prefix"),
    (String(repeating: "x", count: 5_000), "…"),
  ])
  func refusals(_ text: String, _ complaint: String) {
    let error = #expect(throws: HoldfastError.self) { try ShellLine.parse(Array(text.utf8)) }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message.contains(complaint) == true, "\(error?.message ?? "")")
    #expect((error?.message.utf8.count ?? 0) < 300)
  }

  @Test func anyBytesAreALineOrARefusal() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<5_000 {
      let words: [UInt8] = Array(["get", "put", "update", "wait", ""].randomElement(using: &random)?.utf8 ?? "".utf8)
      let noise = (0..<Int.random(in: 0...12)).map { _ in
        Bool.random() ? UInt8.random(in: 0...255) : (Array(" \"\\x0".utf8).randomElement() ?? 0)
      }
      do { _ = try ShellLine.parse(words + noise) } catch { #expect(error is HoldfastError) }
    }
  }
}
