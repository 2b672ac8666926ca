import Foundation
import TestSupport
import Testing

@testable import HoldfastCommands

/// Users, roles and the switch, on real servers.
@Suite struct AccessCommandTests {
  private static let root = ["HOLDFAST_USER": "root", "HOLDFAST_PASSWORD": "r00t-secret"]
  private static let reader = ["HOLDFAST_USER": "reader", "HOLDFAST_PASSWORD": "read3r-secret"]

  @Test(arguments: EtcdVersion.allCases) func usersRolesAndTheSwitch(version: EtcdVersion) async throws {
    try await withEtcd(version, arguments: ["--bcrypt-cost", "4"]) { etcd in
      let added = try await etcd.json(
        "user", "add", "root", environment: ["HOLDFAST_NEW_PASSWORD": "r00t-secret"])
      #expect(added == ["user": "root", "added": true, "hasPassword": true])
      let reader = await etcd.holdfast("user", "add", "reader", "--new-password-stdin", input: "first-secret\n")
      #expect(reader.output == "user reader added\n", "\(reader.errors)")
      #expect(await etcd.holdfast("user", "add", "robot", "--no-password").code == 0)
      #expect(try await etcd.json("user", "list")["users"] as? [String] == ["reader", "robot", "root"])
      #expect(await etcd.holdfast("user", "delete", "robot").output == "user robot deleted\n")
      #expect(await etcd.holdfast("user", "list").lines == ["reader", "root"])
      #expect(await etcd.holdfast("user", "passwd", "reader", "--new-password-stdin", input: "read3r-secret").code == 0)

      for role in ["root", "readers", "idle"] { #expect(await etcd.holdfast("role", "add", role).code == 0) }
      #expect(await etcd.holdfast("role", "delete", "idle").output == "role idle deleted\n")
      #expect(try await etcd.json("role", "list")["roles"] as? [String] == ["readers", "root"])
      #expect(
        await etcd.holdfast("role", "grant-permission", "readers", "read", "/a", "--prefix").output
          == "role readers may read /a/*\n")
      #expect(await etcd.holdfast("role", "grant-permission", "readers", "readwrite", "/b", "/d").code == 0)
      #expect(await etcd.holdfast("role", "grant-permission", "readers", "write", "/x").code == 0)
      let permissions = try await etcd.json("role", "get", "readers")["permissions"] as? [[String: String]]
      #expect(
        permissions == [
          ["access": "read", "key": "/a/", "rangeEnd": "/a0"],
          ["access": "readwrite", "key": "/b", "rangeEnd": "/d"], ["access": "write", "key": "/x"],
        ])
      #expect(await etcd.holdfast("role", "revoke-permission", "readers", "/b", "/d").code == 0)
      let rows = await etcd.holdfast("role", "get", "readers").lines
      #expect(rows.count == 3 && rows[1].hasPrefix("read    /a/  /a0        /a/*"), "\(rows)")

      #expect(await etcd.holdfast("user", "grant-role", "root", "root").code == 0)
      #expect(await etcd.holdfast("user", "grant-role", "reader", "readers").code == 0)
      #expect(try await etcd.json("user", "get", "reader")["roles"] as? [String] == ["readers"])

      #expect(try await etcd.json("auth", "enable") == ["enabled": true])
      #expect(await etcd.holdfast("put", "/b/1", "1").code == 77, "nobody")
      try await refusals(etcd)
      #expect(await etcd.holdfast("user", "revoke-role", "reader", "readers", environment: Self.root).code == 0)
      #expect(await etcd.holdfast("list", "/a", environment: Self.reader).code == 77)
      let status = await etcd.holdfast("auth", "status", environment: Self.root)
      #expect(version == .v3_4_23 ? status.code == 70 : status.output.hasPrefix("authentication is on"))
      let off = await etcd.holdfast("auth", "disable", environment: Self.root)
      #expect(off.output == "authentication is off: everybody may do everything\n")
      #expect(await etcd.holdfast("put", "/b/1", "1").code == 0)
    }
  }

  /// A refusal names the user and the keys, never the password, and comes at once.
  private func refusals(_ etcd: EtcdServer) async throws {
    #expect(await etcd.holdfast("list", "/a", environment: Self.reader).code == 0)
    let put = await etcd.holdfast("put", "/b/1", "1", "--output", "json", environment: Self.reader)
    #expect(put.code == 77)
    #expect(try put.errorObject["key"] as? String == "/b/1")
    let keys = [(["put", "/b/1", "1"], "/b/1"), (["list", "/b"], "/b/*"), (["watch", "--prefix", "/b"], "/b/*")]
    for (arguments, key) in keys {
      let refused = await HoldfastCommandsTests.holdfast(
        arguments, input: [], environment: Self.reader.merging(["HOLDFAST_ENDPOINTS": etcd.clientURL]) { $1 })
      #expect(refused.code == 77, "\(refused)")
      #expect(refused.errors.contains("the user reader may not do this on \(key) ("), "\(refused.errors)")
      #expect(!refused.errors.contains("secret"))
    }
    let shell = await etcd.holdfast("shell", "--prefix", "/b", input: "health\n", environment: Self.reader)
    #expect(shell.code == 77 && shell.output.isEmpty, "\(shell)")
    #expect(try shell.errorObject["error"] as? String == "permissionDenied")
    #expect(!shell.errors.contains("did not load within"), "it went on asking: \(shell.errors)")
    let stranger = await etcd.holdfast("shell", "--prefix", "/a")
    #expect(stranger.code == 77 && stranger.errors.contains("--user"), "\(stranger.errors)")
  }

  @Test func newPasswordsAreAskedForTwice() async throws {
    try await withEtcd(.v3_5_1, arguments: ["--bcrypt-cost", "4"]) { etcd in
      func add(_ answers: [String]) async -> (code: Int32, errors: String, prompts: String) {
        let (errors, prompts, rest) = (Pipe(), Pipe(), Pipe(Array(answers.joined(separator: "\n").utf8) + [10]))
        var tool = Tool(
          environment: ["HOLDFAST_ENDPOINTS": etcd.clientURL], input: Pipe().source, output: Pipe().sink,
          errors: errors.sink)
        tool.askPassword = { prompt in
          try? prompts.sink.line(prompt)
          return rest.takeLine()
        }
        return (await tool.run(["user", "add", "u"]), errors.text, prompts.text)
      }
      let differing = await add(["0ne", "tw0"])
      #expect(differing.code == 64 && differing.errors.contains("differ"))
      #expect(!differing.errors.contains("0ne") && !differing.errors.contains("tw0"))
      #expect(await add([""]).code == 64)
      #expect(await etcd.holdfast("user", "list").output.isEmpty)
      let same = await add(["0ne", "0ne"])
      #expect(same.code == 0 && same.prompts == "New password of u: \nThe same again: \n")
      #expect(await etcd.holdfast("user", "list").output == "u\n")
      let nobody = await etcd.holdfast("user", "passwd", "u")
      #expect(nobody.code == 64 && nobody.errors.contains("--new-password-stdin"), "\(nobody.errors)")
      #expect(await etcd.holdfast("user", "passwd", "u", "--new-password-stdin", input: "\n").code == 64)
      #expect(await etcd.holdfast("user", "passwd", "u", "--new-password-stdin", input: "a\nb\n").code == 64)
    }
  }
}

extension Pipe {
  /// The next line of what is in it.
  fileprivate func takeLine() -> String? {
    take { bytes in
      guard let end = bytes.firstIndex(of: 10) else { return nil }
      defer { bytes.removeFirst(end + 1) }
      return String(decoding: bytes[..<end], as: UTF8.self)
    }
  }
}
