import TestSupport
import Testing

@testable import HoldfastEtcd

extension TransportTests {
  @Suite struct Endpoints {
    @Test(arguments: [
      ("http://127.0.0.1:2379", Endpoint.Address.host("127.0.0.1", port: 2379), "127.0.0.1:2379"),
      ("http://127.0.0.1", .host("127.0.0.1", port: 2379), "127.0.0.1:2379"),
      ("HTTP://etcd-1.example.com:4001/", .host("etcd-1.example.com", port: 4001), "etcd-1.example.com:4001"),
      ("http://localhost", .host("localhost", port: 2379), "localhost:2379"),
      ("http://[::1]:1234", .host("::1", port: 1234), "[::1]:1234"),
      ("http://[2001:db8::7]", .host("2001:db8::7", port: 2379), "[2001:db8::7]:2379"),
      ("unix:///run/etcd.sock", .unix(path: "/run/etcd.sock"), "localhost"),
      ("https://etcd-1.example.com", .host("etcd-1.example.com", port: 2379), "etcd-1.example.com:2379"),
      ("unixs:///run/etcd.sock", .unix(path: "/run/etcd.sock"), "localhost"),
    ])
    func accepted(text: String, address: Endpoint.Address, authority: String) throws {
      let endpoint = try Endpoint(text)
      #expect(endpoint.address == address)
      #expect(endpoint.authority == authority)
      #expect(endpoint.usesTLS == text.contains("s://"))
      #expect(try Endpoint(endpoint.description) == endpoint)
    }

    @Test(arguments: [
      ("127.0.0.1:2379", "scheme"),
      ("localhost", "scheme"),
      ("ftp://localhost", "\"ftp\""),
      ("http://", "host is missing"),
      ("http://:2379", "host is missing"),
      ("http://a:0", "port"),
      ("http://a:65536", "port"),
      ("http://a:+80", "port"),
      ("http://a:", "port"),
      ("http://a/v3", "path"),
      ("http://a?x=1", "query"),
      ("http://::1:2379", "brackets"),
      ("http://[::1", "bracket"),
      ("http://[::1]x", "bracket"),
      ("http://[localhost]", "IPv6"),
      ("http://300.1.1.1", "IPv4"),
      ("http://127.1", "IPv4"),
      ("http://a b", "host name"),
      ("unix://relative", "absolute"),
      ("unix:///", "absolute"),
    ])
    func refused(text: String, why: String) {
      let error = #expect(throws: RPCError.self) { try Endpoint(text) }
      #expect(error?.code == .invalidArgument)
      #expect(error?.message.contains(why) == true, "\(error?.message ?? "")")
      #expect(error?.message.contains(text) == true)
    }

    @Test(arguments: ["http://[::1\u{0}x]", "unix:///run/a\u{0}b", "http://a\n", "unix:///run/\u{1B}[2J"])
    func controlCharactersAreRefusedAndNotRepeated(text: String) {
      let error = #expect(throws: RPCError.self) { try Endpoint(text) }
      #expect(error?.code == .invalidArgument)
      #expect(error?.message.utf8.allSatisfy { $0 >= 0x20 } == true)
    }

    @Test(arguments: ["http://", "https://", "unix://", "etcd://", ""])
    func userInformationIsRefusedAndNotRepeated(scheme: String) {
      let error = #expect(throws: RPCError.self) { try Endpoint("\(scheme)root:secret@localhost") }
      #expect(error?.code == .invalidArgument)
      #expect(error?.message.contains("secret") == false)
    }
  }
}
