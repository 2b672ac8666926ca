import HoldfastEtcd
import TestSupport
import Testing

@testable import HoldfastCommands

/// The tool with TLS and users, on a real server.
@Suite struct SecurityOptionsTests {
  @Test func securelyAsAUser() async throws {
    try await withScratchDirectory { directory in
      let authority = try await CertificateAuthority("authority", in: directory)
      let client = try await authority.issue("client")
      let security = EtcdSecurity(try await authority.issue("server"), clientAuthority: authority.certificate)
      try await withEtcd(.v3_5_1, arguments: ["--bcrypt-cost", "4"], security: security) { etcd in
        try await etcd.etcdctl("user", "add", "root:t0p-secret")
        try await etcd.etcdctl("user", "grant-role", "root", "root")
        try await etcd.etcdctl("auth", "enable")
        let tls = [
          "--endpoints", etcd.secureURL, "--cacert", authority.certificate, "--cert", client.certificate, "--key",
          client.key,
        ]
        let put = await holdfast(
          ["put", "/a/b", "1"] + tls + ["--user", "root"], input: [], environment: ["HOLDFAST_PASSWORD": "t0p-secret"])
        #expect(put.code == 0, "\(put.errors)")
        let warned = await holdfast(["get", "/a/b"] + tls + ["--user", "root:t0p-secret"], input: [])
        #expect(warned.code == 0 && warned.errors.contains("everybody who lists processes"))
        #expect(!warned.errors.contains("t0p-secret"))
        let variables = [
          "HOLDFAST_ENDPOINTS": etcd.secureURL, "HOLDFAST_CACERT": authority.certificate,
          "HOLDFAST_CERT": client.certificate, "HOLDFAST_KEY": client.key, "HOLDFAST_USER": "root",
          "HOLDFAST_PASSWORD": "t0p-secret",
        ]
        #expect(await holdfast(["status"], input: [], environment: variables).code == 0)
        let bench = await holdfast(["bench", "--operations", "5", "--keys", "5"], input: [], environment: variables)
        #expect(bench.code == 0, "both connections: \(bench.errors)")
        let wrong = await holdfast(
          ["get", "/a/b"], input: [],
          environment: variables.merging(["HOLDFAST_PASSWORD": "wr0ng"]) { $1 })
        #expect(wrong.code == 77 && !wrong.errors.contains("wr0ng"), "\(wrong.errors)")
        let stranger = await holdfast(["get", "/a/b", "--endpoints", etcd.secureURL], input: [])
        #expect(stranger.code == 77 && stranger.errors.contains("not trusted"), "\(stranger.errors)")
      }
    }
  }

  @Test(arguments: [
    (["--cert", "/x"], "--key"), (["--user", "a"], "HOLDFAST_PASSWORD"), (["--password-file", "/x"], "--user"),
    (["--user", "a", "--password-file", "/there/is/none"], "/there/is/none"),
    (["--cacert", "/there/is/none"], "(--cacert)"), (["--cert", "/x", "--key", "/y"], "(--cert and --key)"),
    (["--tls-server-name", "a b"], "--tls-server-name is \"a b\""),
  ]) func mistakes(options: [String], says: String) async {
    let result = await holdfast(["get", "/a", "--endpoints", "https://localhost:1"] + options, input: [])
    #expect(result.code == 64 && result.errors.contains(says), "\(result.errors)")
    #expect(!result.errors.contains("`"), "a name of the Swift API")
  }

  @Test func whatIsNotSecuredIsSaidInTermsOfOptions() async {
    let plain = await holdfast(
      "get", "/a", "--endpoints", "http://192.0.2.1:1", "--user", "a", environment: ["HOLDFAST_PASSWORD": "s3cret"])
    #expect(plain.code == 64 && plain.errors.contains("--allow-plaintext-password"), "\(plain.errors)")
    let useless = await holdfast("get", "/a", "--endpoints", "http://127.0.0.1:1", "--tls-server-name", "a")
    #expect(useless.code == 64 && useless.errors.contains("--tls-server-name is given"), "\(useless.errors)")
    let allowed = await holdfast(
      "get", "/a", "--endpoints", "http://192.0.2.1:1", "--user", "a", "--allow-plaintext-password", "--timeout", "0.1",
      environment: ["HOLDFAST_PASSWORD": "s3cret"])
    #expect(allowed.code == 69, "\(allowed.errors)")
  }

  @Test func anEmptyPasswordIsNone() async {
    let environment = ["HOLDFAST_PASSWORD": ""]
    let empty = await holdfast(
      "get", "/a", "--endpoints", "https://localhost:1", "--user", "a", environment: environment)
    #expect(empty.code == 64 && empty.errors.contains("HOLDFAST_PASSWORD, which is empty"), "\(empty.errors)")
    let asked = Pipe()
    var tool = Tool(environment: environment, input: Pipe().source, output: Pipe().sink, errors: Pipe().sink)
    tool.askPassword = { prompt in
      try? asked.sink.line(prompt)
      return "s3cret"
    }
    _ = await tool.run(["get", "/a", "--endpoints", "http://127.0.0.1:1", "--user", "a", "--timeout", "0.1"])
    #expect(asked.text == "Password of a: \n")
  }
}
