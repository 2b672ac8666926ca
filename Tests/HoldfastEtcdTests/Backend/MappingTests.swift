import HoldfastCore
import HoldfastTesting
import Testing

@testable import HoldfastEtcd

@Suite struct MappingTests {
  struct Row: Sendable {
    var range: KeyRange
    var key: [UInt8]
    var end: [UInt8]
  }

  static let rows: [Row] = [
    Row(range: .key("a"), key: [97], end: []),
    Row(range: .key(""), key: [], end: []),
    Row(range: .prefix("a"), key: [97], end: [98]),
    Row(range: .prefix(Key(bytes: [0xFF])), key: [0xFF], end: [0]),
    Row(range: .all, key: [0], end: [0]),
    Row(range: .from("b"), key: [98], end: [0]),
    Row(range: KeyRange(start: "", end: "b"), key: [0], end: [98]),
    // Ranges without keys must not turn into "this key" or "everything from here on".
    Row(range: KeyRange(start: "b", end: ""), key: [98], end: [98]),
    Row(range: KeyRange(start: "b", end: Key(bytes: [0])), key: [98], end: [98]),
    Row(range: KeyRange(start: "b", end: "a"), key: [98], end: [98]),
    Row(range: KeyRange(start: "", end: ""), key: [1], end: [1]),
    Row(range: KeyRange(start: Key(bytes: [0]), end: Key(bytes: [0])), key: [1], end: [1]),
  ]

  @Test(arguments: rows) func ranges(_ row: Row) {
    let wire = WireRange(row.range)
    #expect(wire.key == row.key)
    #expect(wire.end == row.end)
  }

  @Test(arguments: [[], ["127.0.0.1:2379"], ["ftp://x"], ["http://a", "http://"]])
  func badEndpointsAreRefused(_ endpoints: [String]) async {
    #expect(await failure { _ = try EtcdBackend(EtcdConfiguration(endpoints: endpoints)) }?.code == .invalidArgument)
  }
}
