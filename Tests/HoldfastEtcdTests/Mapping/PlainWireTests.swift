import Foundation
import HoldfastCore
import HoldfastEtcdMachines
import HoldfastEtcdProtos
import SwiftProtobuf
import Testing

@testable import HoldfastEtcd

/// What is read straight from the bytes is what the library reads, whatever the bytes are.
@Suite("Key-values straight from the bytes")
struct PlainWireTests {
  private static let keyValues: [Wire.KeyValue] = [
    .with { $0.key = Data([1]) },
    .with { ($0.key, $0.value, $0.version, $0.lease) = (Data("a".utf8), Data(repeating: 0xFF, count: 300), 1, -1) },
    .with { ($0.key, $0.createRevision, $0.modRevision, $0.lease) = (Data([0, 0x80]), 7, .max, .min) },
  ]
  private static let range = Wire.RangeResponse.with {
    $0.header = .with { ($0.clusterID, $0.memberID, $0.revision, $0.raftTerm) = (.max, 2, 99, 3) }
    ($0.kvs, $0.more, $0.count) = (keyValues, true, 12)
  }
  private static let watch = Wire.WatchResponse.with {
    $0.header = range.header
    ($0.watchID, $0.fragment, $0.cancelReason) = (-1, true, "why")
    $0.events = [
      .with { $0.kv = keyValues[1] },
      .with { ($0.type, $0.kv, $0.prevKv) = (.delete, keyValues[2], keyValues[0]) },
      .with { $0.kv = keyValues[0] },
    ]
  }

  @Test("a list is plain, and the same")
  func list() throws {
    let bytes: [UInt8] = try Self.range.serializedBytes()
    #expect(try PlainWire.range(bytes)?.keyValues.count == 3)
    #expect(try RangeResponse(serializedBytes: bytes) == RangeResponse(Self.range))
  }

  @Test("events are plain, and the same")
  func events() throws {
    let bytes: [UInt8] = try Self.watch.serializedBytes()
    #expect(try PlainWire.watch(bytes)?.events.count == 3)
    #expect(try WatchDecoding.decode(bytes) == WatchMessage(Self.watch))
  }

  @Test("an event of an unknown type, a repeated message and a group are left to the library")
  func unusual() throws {
    let strange = Wire.WatchResponse.with {
      $0.events = [.with { ($0.type, $0.kv) = (.UNRECOGNIZED(7), Self.keyValues[0]) }]
    }
    // kv is merged: mod_revision 5, version 6
    let twice: [UInt8] = [0x5A, 14, 0x12, 5, 0x0A, 1, 65, 0x18, 5, 0x12, 5, 0x0A, 1, 65, 0x20, 6]
    let group: [UInt8] = [0x5A, 7, 0x12, 5, 0x0A, 1, 65, 0x7B, 0x7C]
    for bytes in [try strange.serializedBytes(), twice, group] as [[UInt8]] {
      #expect(try PlainWire.watch(bytes) == nil)
      #expect(try WatchDecoding.decode(bytes) == WatchMessage(Wire.WatchResponse(serializedBytes: bytes)))
    }
    #expect(try WatchDecoding.decode(twice).events.first?.keyValue?.modRevision == 5)
  }

  @Test("fields that are unknown, or of another type, are skipped")
  func unknownFields() throws {
    let fields: [[UInt8]] = [
      [0x78, 1], [0x7A, 1, 0], [0x7D, 0, 0, 0, 0], [0x79, 0, 0, 0, 0, 0, 0, 0, 0], [0x12, 1, 0], [0x2D, 0, 0, 0, 0],
    ]
    for field in fields {
      let keyValue = [0x0A, 1, 65] + field
      let bytes = [0x5A, UInt8(keyValue.count + 2), 0x12, UInt8(keyValue.count)] + keyValue
      #expect(try PlainWire.watch(bytes)?.events.count == 1, "\(field)")
      #expect(try WatchDecoding.decode(bytes) == WatchMessage(Wire.WatchResponse(serializedBytes: bytes)), "\(field)")
    }
  }

  /// Elements of two bytes would become fifty times their size and more.
  @Test("key-values without a key are refused, by us and where the library reads them")
  func keyless() throws {
    let lists: [[UInt8]] = [[0x12, 0], [0x12, 2, 0x0A, 0], [0x12, 2, 0x18, 5], [0x12, 2, 0x7B, 0x7C]]
    for bytes in lists {
      #expect(throws: MalformedAnswer.self) { try RangeResponse(serializedBytes: Self.header + bytes) }
    }
    let events: [[UInt8]] = [
      [0x5A, 0], [0x5A, 2, 0x12, 0], [0x5A, 7, 0x12, 3, 0x0A, 1, 65, 0x1A, 0], [0x5A, 2, 0x7B, 0x7C],
    ]
    for bytes in events { #expect(throws: MalformedAnswer.self) { try WatchDecoding.decode(bytes) } }
  }

  @Test("the library, which needs more memory, gets no large answer")
  func oddAndLarge() throws {
    let odd: [UInt8] = Self.header + [0x12, 5, 0x0A, 1, 65, 0x7B, 0x7C]
    #expect(try RangeResponse(serializedBytes: odd).keyValues.map(\.key) == ["A"])
    let large = Self.list(of: [0x12, 9, 0x0A, 1, 65, 0x10, 5, 0x18, 5, 0x20, 1])
    #expect(throws: MalformedAnswer.self) { try RangeResponse(serializedBytes: odd + large) }
    let plain = try RangeResponse(serializedBytes: Self.header + large)
    #expect(plain.keyValues.count == large.count / 11, "the smallest that etcd has")
  }

  @Test("a large answer has no more elements than etcd could make of its bytes")
  func tinyAndLarge() throws {
    let tiny = Self.list(of: [0x12, 3, 0x0A, 1, 65])
    #expect(throws: MalformedAnswer.self) { try RangeResponse(serializedBytes: Self.header + tiny) }
    #expect(try RangeResponse(serializedBytes: Self.header + tiny.prefix(50_000)).keyValues.count == 10_000)
    let events = Self.list(of: [0x5A, 5, 0x12, 3, 0x0A, 1, 65])
    #expect(throws: MalformedAnswer.self) { try WatchDecoding.decode(events) }
  }

  /// Just larger than what may be anything.
  private static func list(of element: [UInt8]) -> [UInt8] {
    Array(repeatElement(element, count: PlainWire.smallAnswer / element.count + 1).joined())
  }

  private static let header: [UInt8] = [0x0A, 2, 0x18, 9]

  @Test("cut, changed and inserted bytes mean what they mean to the library, or are refused by both")
  func mangled() throws {
    var random = SystemRandomNumberGenerator()
    let messages: [[UInt8]] = [try Self.range.serializedBytes(), try Self.watch.serializedBytes()]
    for bytes in messages {
      for cut in 0...bytes.count { try check(Array(bytes.prefix(cut))) }
      for _ in 0..<20_000 {
        var changed = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          let at = Int.random(in: 0..<changed.count, using: &random)
          switch Int.random(in: 0..<3, using: &random) {
          case 0: changed[at] = .random(in: 0...255, using: &random)
          case 1: changed.insert(.random(in: 0...255, using: &random), at: at)
          default: changed.remove(at: at)
          }
        }
        try check(changed)
      }
    }
  }

  private func check(_ bytes: [UInt8]) throws {
    let list = try? RangeResponse(Wire.RangeResponse(serializedBytes: bytes))
    #expect((try? RangeResponse(serializedBytes: bytes)) == list, "\(bytes)")
    let message = try? WatchMessage(Wire.WatchResponse(serializedBytes: bytes))
    #expect((try? WatchDecoding.decode(bytes)) == message, "\(bytes)")
  }
}
