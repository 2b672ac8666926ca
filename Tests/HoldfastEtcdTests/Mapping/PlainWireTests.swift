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
    .init(),
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
      .init(),
    ]
  }

  @Test("a list is plain, and the same")
  func list() throws {
    let bytes: [UInt8] = try Self.range.serializedBytes()
    #expect(PlainWire.range(bytes)?.keyValues.count == 3)
    #expect(try RangeResponse(serializedBytes: bytes) == RangeResponse(Self.range))
  }

  @Test("events are plain, and the same")
  func events() throws {
    let bytes: [UInt8] = try Self.watch.serializedBytes()
    #expect(PlainWire.watch(bytes)?.events.count == 3)
    #expect(try WatchDecoding.decode(bytes) == WatchMessage(Self.watch))
  }

  @Test("an event of an unknown type, an unknown field and a repeated message are left to the library")
  func unusual() throws {
    let strange = Wire.WatchResponse.with { $0.events = [.with { $0.type = .UNRECOGNIZED(7) }] }
    let twice: [UInt8] = [0x5A, 8, 0x12, 2, 0x18, 5, 0x12, 2, 0x20, 6]  // kv is merged: mod_revision 5, version 6
    let unknown: [UInt8] = [0x5A, 4, 0x12, 2, 0x78, 1]
    for bytes in [try strange.serializedBytes(), twice, unknown] as [[UInt8]] {
      #expect(PlainWire.watch(bytes) == nil)
      #expect(try WatchDecoding.decode(bytes) == WatchMessage(Wire.WatchResponse(serializedBytes: bytes)))
    }
    #expect(try WatchDecoding.decode(twice).events.first?.keyValue?.modRevision == 5)
  }

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
    let message = (try? Wire.WatchResponse(serializedBytes: bytes)).map { WatchMessage($0) }
    #expect((try? WatchDecoding.decode(bytes)) == message, "\(bytes)")
  }
}
