import Holdfast
import HoldfastFuzzing

@testable import HoldfastCommands
@testable import HoldfastEtcd

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension FuzzTarget {
  /// Any bytes as the shell's input, cut anywhere, and as what it shows.
  static let shell = FuzzTarget(
    "shell", seeds: scripts, words: ["\"", "\\", "\\x", "put ", "update ", "\n", "\t", "# "]
  ) {
    bytes in
    let whole = lines(bytes, cut: bytes.count)
    try promise(lines(bytes, cut: 1 + Int(bytes.first ?? 0) % 40) == whole, "a cut changes the lines")
    for case .line(let line) in whole {
      try promise(line.count <= 64 && !line.contains(0x0A), "a line of \(line.count) bytes")
      do {
        _ = try ShellLine.parse(line)
      } catch let error as HoldfastError {
        try promise(error.code == .invalidArgument, "\(error)")
        try promise(error.message.utf8.count < 600, "an error of \(error.message.utf8.count) bytes")
        try checkPrintable(error.message)
      }
    }
    let quoted = bytes.map { "\\x" + hexadecimal($0, digits: 2) }.joined()
    let expected: ShellLine? = bytes.isEmpty ? nil : .get(Key(bytes: bytes))
    try promise((try? ShellLine.parse(Array("get \"\(quoted)\"".utf8))) == expected, "a quoted key is another one")
    try promise(try ShellLine.parse(Array("put k ".utf8) + bytes) == .put("k", bytes), "a value is another one")
    let shown = ShownValue(bytes, isRaw: true)
    try checkPrintable(shown.oneLine)
    let json = JSONValue.string(String(decoding: bytes, as: UTF8.self)).description
    try checkPrintable(json)
    let read = try JSONDecoder().decode(String.self, from: Data(json.utf8))
    try promise(read == String(decoding: bytes, as: UTF8.self), "a string is written as another")
  }

  private static let scripts: [[UInt8]] = [
    "get \"a\\x00b\\\"\"\nput k some value \nupdate k 12 v\n", "create a/b {\"x\":1}\ndelete a 9\ndelete-prefix \"\"\n",
    "# comment\n\n  txn\nput a b\ncommit\nwait 7 0.5", "list\nhelp\nhealth\nsize\nstop\nstart\nabort\nstore-get é\n",
  ].map { Array($0.utf8) }

  private static func lines(_ bytes: [UInt8], cut: Int) -> [LineSplitter.Line] {
    var splitter = LineSplitter(limit: 64)
    var lines: [LineSplitter.Line] = []
    for start in Swift.stride(from: 0, to: bytes.count, by: max(1, cut)) {
      lines += splitter.split(Array(bytes[start..<min(start + max(1, cut), bytes.count)]))
    }
    return lines + [splitter.finish()].compactMap { $0 }
  }

  private static func checkPrintable(_ text: String) throws {
    let isPrintable = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
    try promise(isPrintable, "a terminal would act on \(text.debugDescription)")
  }

  /// Any text as an endpoint: an address that means what it says, or a refusal that tells no password.
  static let endpoint = FuzzTarget(
    "endpoint", seeds: urls, words: ["[", "]", ":", "//", "@", "%", "\u{0}", "::1", "65535"]
  ) {
    bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    let endpoint: Endpoint
    do {
      endpoint = try Endpoint(text)
    } catch let error as RPCError {
      try promise(error.code == .invalidArgument, "\(error)")
      // What stands before an @ may be a password: then the message is always the same.
      return try promise(!text.contains("@") || error.message.hasPrefix("An endpoint with user"), "a password is told")
    }
    try promise(try Endpoint(endpoint.description) == endpoint, "\(endpoint) is another endpoint than \(text)")
    try promise(endpoint.authority.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "\(endpoint.authority) is no header")
    switch endpoint.address {
    case .host(let host, let port):
      try promise(!host.isEmpty && (1...65_535).contains(port), "\(endpoint)")
      try promise(host.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "\(host.debugDescription) is no host")
    case .unix(let path):
      try promise(path.utf8.allSatisfy { $0 != 0 }, "the system sees another path than \(path.debugDescription)")
    }
  }

  private static let urls: [[UInt8]] = [
    "http://127.0.0.1:2379", "http://[::1]:2379", "HTTP://etcd-1.example_x.org/", "unix:///run/etcd.sock",
    "http://a:b@c",
    "https://x", "http://[fe80::1%25eth0]:1", "http://1.2.3", "unix://relative", "http://[::ffff:1.2.3.4]",
  ].map { Array($0.utf8) }
}
