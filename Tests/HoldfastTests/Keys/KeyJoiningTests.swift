import Testing

@testable import Holdfast

@Suite struct KeyJoiningTests {
  @Test(arguments: [
    (["acme"], "/acme"), (["acme", "jobs", "42"], "/acme/jobs/42"), (["..."], "/..."), ([".a", "b."], "/.a/b."),
    ([" "], "/ "), (["é", "e\u{301}"], "/é/e\u{301}"), (["a\\b"], "/a\\b"), (["%2F"], "/%2F"),
  ])
  func joins(_ parts: [String], _ key: String) throws {
    #expect(try Key.joining(parts) == Key(key))
    #expect(try Key.joining(parts).bytes == Array(key.utf8))
    #expect(try Key.prefix(joining: parts) == Key(key + "/"))
  }

  @Test(arguments: [
    [], [""], ["a", ""], ["", "a"], ["a", "", "b"], ["."], [".."], ["a", ".."], ["a", ".", "b"], ["a/b"], ["/"], ["/a"],
    ["a/"], ["a", "../b"],
  ])
  func refuses(_ parts: [String]) {
    for join in [{ try Key.joining(parts) }, { try Key.prefix(joining: parts) }] {
      let error = #expect(throws: HoldfastError.self) { try join() }
      #expect(error?.code == .invalidArgument)
    }
  }

  @Test func ofBytesAndOfSeparateArguments() throws {
    #expect(try Key.joining([[0xFF], [0x00, 0x41]] as [[UInt8]]).bytes == [0x2F, 0xFF, 0x2F, 0x00, 0x41])
    #expect(throws: HoldfastError.self) { try Key.joining([[0x41, 0x2F]] as [[UInt8]]) }
    #expect(try Key.joining("a", "b") == "/a/b")
    #expect(try Key.prefix(joining: "a", "b") == "/a/b/")
    #expect(throws: HoldfastError.self) { try Key.joining() }
  }

  @Test(arguments: [
    ("", ""), ("/", "/"), ("a", "a/"), ("a/", "a/"), ("/a/1", "/a/1/"), ("/a/1/", "/a/1/"), ("a//", "a//"), (".", "./"),
  ])
  func asFolder(_ key: String, _ folder: String) {
    #expect(Key(key).asFolder == Key(folder))
    #expect(Key(key).asFolder.asFolder == Key(folder))
  }

  @Test func aFolderHasNoSiblings() {
    let folder = KeyRange.prefix(Key("/a/1").asFolder)
    #expect(folder.contains("/a/1/x") && folder.contains("/a/1/"))
    #expect(
      !folder.contains("/a/1") && !folder.contains("/a/10") && !folder.contains("/a/1.") && !folder.contains("/a/10/x"))
  }

  @Test func relativeKeys() throws {
    for key in ["a", "a/b", "...", "a.b/..c", "a\0"] { try Key(key).checkRelative(below: "/p/") }
    for key in ["", "/", "/a", "a/", "a//b", ".", "..", "a/./b", "../a"] {
      let error = #expect(throws: HoldfastError.self) { try Key(key).checkRelative(below: "/p/") }
      #expect(error?.code == .invalidArgument)
      #expect(error?.outcome == .refused)
      #expect(error?.key == Key("/p/" + key))
    }
  }
}
