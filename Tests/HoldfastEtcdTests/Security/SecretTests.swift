import HoldfastCore
import HoldfastEtcd
import TestSupport
import Testing

/// What is secret is nowhere to be read.
@Suite struct SecretTests {
  private static let password = "s3cret-of-the-user"
  private static let key = "s3cret-of-the-key"

  private var configuration: EtcdConfiguration {
    var configuration = EtcdConfiguration(endpoints: ["https://localhost:1"])
    configuration.user = "app"
    configuration.password = Self.password
    configuration.tls.identity = .pem(certificate: [1], key: Array(Self.key.utf8))
    return configuration
  }

  private func texts(_ value: some Any) -> String {
    var dumped = ""
    dump(value, to: &dumped)
    return "\(value)" + String(reflecting: value) + String(describing: value) + dumped + mirrored(value, depth: 0)
  }

  private func mirrored(_ value: Any, depth: Int) -> String {
    guard depth < 12 else { return "" }
    return Mirror(reflecting: value).children.map { "\($0.value)" + mirrored($0.value, depth: depth + 1) }.joined()
  }

  private func reveals(_ text: String) -> Bool {
    let bytes = Array(Self.key.utf8)
    return text.contains(Self.password) || text.contains(Self.key) || text.contains("\(bytes.prefix(6))".dropLast())
  }

  @Test func theTestWouldSeeThem() {
    #expect(reveals(texts([Self.password])) && reveals(texts([Array(Self.key.utf8)])))
  }

  @Test func configurationsShowNone() {
    #expect(!reveals(texts(configuration)) && !reveals(texts(configuration.tls)))
    #expect(configuration.password == Self.password)
  }

  @Test func errorsOfConfigurationsShowNone() {
    let error = #expect(throws: HoldfastError.self) { try EtcdBackend(configuration) }
    #expect(!reveals(texts(error as Any)), "\(String(describing: error))")
  }

  @Test(arguments: EtcdVersion.allCases) func nothingIsLogged(_ version: EtcdVersion) async throws {
    let log = LogCapture()
    try await withEtcd(version, arguments: Users.arguments) { etcd in
      try await Users.enable(on: etcd)
      try await withEtcdBackend([etcd.clientURL]) {
        Users.app(&$0)
        $0.logger = log.logger
      } _: { backend in
        _ = try await backend.put(PutRequest(key: "/t/key", value: Array("v4lue".utf8)))
        try await withEtcdBackend([etcd.clientURL], Users.root) { root in
          try await root.auth.changePassword(ofUser: "app", to: "an0ther-password")
        }
        let error = await failure { _ = try await backend.put(PutRequest(key: "/t/key", value: Array("v4lue".utf8))) }
        let everything = log.text + texts(error as Any) + texts(backend) + texts(backend.auth)
        for secret in [Users.appPassword, Users.rootPassword, "an0ther-password", "v4lue"] {
          #expect(!everything.contains(secret))
        }
        // Which token it got is known to nobody else, but not what such tokens look like.
        let token = /[A-Za-z]{16}\.[0-9]+/
        #expect(try await etcd.token()?.wholeMatch(of: token) != nil)
        #expect(everything.firstMatch(of: token) == nil)
      }
    }
  }

  @Test func passwordsAreNotSentInTheClear() throws {
    let rows: [(url: String, isRefused: Bool)] = [
      ("http://etcd.example:2379", true), ("http://10.0.0.1:2379", true), ("http://[fd00::1]:2379", true),
      ("http://localhost.example:2379", true), ("http://127.example:2379", true), ("http://0.0.0.0:2379", true),
      ("http://localhost:2379", false), ("http://127.0.0.1:2379", false), ("http://127.8.0.1:2379", false),
      ("http://[::1]:2379", false), ("unix:///tmp/etcd", false), ("https://etcd.example:2379", false),
    ]
    for (url, isRefused) in rows {
      var configuration = EtcdConfiguration(endpoints: ["http://localhost:2379", url])
      Users.app(&configuration)
      if isRefused {
        let error = #expect(throws: HoldfastError.self, "\(url)") { try EtcdBackend(configuration) }
        #expect(error?.code == .invalidArgument && error?.message.contains(url) == true)
        configuration.allowsPlaintextCredentials = true
      }
      #expect(throws: Never.self, "\(url)") { try EtcdBackend(configuration) }
      (configuration.user, configuration.password, configuration.allowsPlaintextCredentials) = (nil, nil, false)
      #expect(throws: Never.self, "\(url)") { try EtcdBackend(configuration) }
    }
  }

  @Test func halfACredentialAndUselessTLSAreRefused() {
    let changes: [(inout EtcdConfiguration) -> Void] = [
      { $0.user = "app" }, { $0.password = "x" },
      {
        $0.user = ""
        $0.password = "x"
      },
      { $0.tls.serverName = "etcd.example" },
      {
        $0.endpoints = ["https://localhost:1"]
        $0.tls.serverName = "127.0.0.1"
      },
    ]
    for change in changes {
      var configuration = EtcdConfiguration(endpoints: ["http://localhost:2379"])
      change(&configuration)
      let error = #expect(throws: HoldfastError.self) { try EtcdBackend(configuration) }
      #expect(error?.code == .invalidArgument)
    }
  }
}
