import Holdfast
import HoldfastEtcdMachines
import HoldfastEtcdProtos
import HoldfastFuzzing
import NIOCore
import SwiftProtobuf

@testable import HoldfastEtcd

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension FuzzTarget {
  /// The bytes of a watch stream, all the way: frames, messages, the watch's machine, the cache's machine.
  static let watchStream = FuzzTarget("watch-stream", seeds: watchStreams) { bytes in
    let range = KeyRange.prefix("/p/")
    var deframer = GRPCDeframer(limit: 4_096)
    deframer.append(ByteBuffer(bytes: bytes))
    var cache = CheckedCache(range: range, limit: OverlayLimit())
    try cache.send(.start)
    try cache.send(.listed(attempt: cache.attempt, header: ResponseHeader(revision: 4), records: []))
    var watch = try CheckedWatch(range: range, from: cache.watchFrom)
    while true {
      // A stream that failed is opened again, on the rest of the bytes.
      if watch.wait == .waiting { _ = try watch.send(.waited) }
      if watch.wait == .opening { _ = try watch.send(.opened) }
      guard watch.wait == .receiving, let next = try? deframer.next() else { return }
      let input: WatchMachine.Input
      if let message = try? WatchDecoding.decode(next) {
        input = .message(message)
      } else {
        input = .broken("any", jitter: 1)
      }
      for update in try watch.send(input).updates {
        if cache.anchor != nil { try answerAnchor(&cache) }
        try tell(update, &cache)
      }
      if cache.awaitsList { return }
    }
  }

  private static func tell(_ update: WatchUpdate, _ cache: inout CheckedCache) throws {
    let attempt = cache.attempt
    switch update {
    case .started(let header): try cache.send(.watchStarted(attempt: attempt, header))
    case .progress(let progress): try cache.send(.progress(attempt: attempt, progress))
    case .interrupted(let error): try cache.send(.watchInterrupted(attempt: attempt, error))
    case .batch(let batch):
      let changes = batch.events.map { event -> CacheChange in
        event.kind == .put ? .put(CheckedCache.record(event.keyValue)) : .delete(event.key, event.modRevision)
      }
      try cache.send(.changes(attempt: attempt, changes))
    }
  }

  private static func answerAnchor(_ cache: inout CheckedCache) throws {
    cache.anchor = nil
    let held = cache.machine.base.compactMap(\.value.keyValue)
    let newest = held.max { $0.modRevision < $1.modRevision }
    let header = ResponseHeader(revision: cache.machine.highestKnown ?? 1)
    let answer = RangeResponse(header: header, keyValues: newest.map { [$0] } ?? [], count: Int64(held.count))
    try cache.send(.anchorAnswered(attempt: cache.attempt, answer))
  }

  private static let watchStreams: [[UInt8]] = {
    func event(_ key: String, _ revision: Int64, isDelete: Bool = false) -> Wire.Event {
      .with {
        $0.type = isDelete ? .delete : .put
        $0.kv.key = Data(key.utf8)
        ($0.kv.modRevision, $0.kv.createRevision, $0.kv.version) = (revision, isDelete ? 0 : revision, 1)
        if !isDelete { $0.kv.value = Data([7]) }
      }
    }
    func message(
      _ revision: Int64, _ events: [Wire.Event] = [], _ change: (inout Wire.WatchResponse) -> Void = { _ in }
    )
      -> [UInt8]
    {
      var message = Wire.WatchResponse.with {
        ($0.header.revision, $0.watchID, $0.events) = (revision, 1, events)
        change(&$0)
      }
      guard let bytes: [UInt8] = try? message.serializedBytes() else { return [] }
      message = .init()
      return [0, 0, 0, UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes
    }
    let created = message(5) { $0.created = true }
    let two = message(9, [event("/p/a", 6), event("/p/b", 6), event("/p/a", 7, isDelete: true)])
    let halves =
      message(9, [event("/p/a", 8)]) { $0.fragment = true } + message(9, [event("/p/d/1", 8), event("/p/c", 9)])
    let cancel = message(0) { ($0.canceled, $0.compactRevision) = (true, 8) }
    return [
      created + two + halves + message(12), created + message(30) { $0.watchID = -1 } + two,
      created + two + cancel + created, created + two + two + message(11, [event("/q/x", 11)]) + created + halves,
    ]
  }()
}
