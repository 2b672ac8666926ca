import HoldfastEtcdProtos
import SwiftProtobuf

/// What a hostile server says instead of the truth.
enum Lie: String, CaseIterable, Sendable {
  case headerZero, headerBackwards, headerMaximal
  case outOfOrder, duplicated, outsidePrefix, belowStart
  case unknownWatch, negativeWatch, reusedWatch
  case eventsBeforeCreated, twoCreated, endlessFragments, cancelWithoutReason
  case fewResponses, putWithoutKeyValue, hugeMessage, silence

  /// Whether a client can do nothing but ignore it: what is left of the answer is the truth, or nothing.
  var isHarmless: Bool {
    switch self {
    case .duplicated, .belowStart: true
    default: false
    }
  }

  /// Whether it concerns only what is asked, so that a cache need not notice.
  var concernsWritesOnly: Bool { self == .fewResponses }

  func change(_ honest: Etcdserverpb_WatchResponse) -> [Etcdserverpb_WatchResponse] {
    var changed = honest
    switch self {
    case .headerZero: changed.header.revision = 0
    case .headerBackwards: changed.header.revision = 1
    case .headerMaximal: changed.header.revision = .max
    case .outOfOrder:
      guard let event = honest.events.first else { return [honest] }
      var older = event
      older.kv.modRevision = event.kv.modRevision + 1
      changed.events = [older, event]
    case .duplicated: return [honest, honest, honest]
    case .outsidePrefix:
      for index in changed.events.indices { changed.events[index].kv.key = .init("/elsewhere".utf8) }
    case .belowStart:
      guard let event = honest.events.first else { return [honest] }
      var old = event
      old.kv.modRevision = 1
      changed.events = [old] + honest.events
    case .unknownWatch: changed.watchID = 4_711
    case .negativeWatch: changed.watchID = -7
    case .reusedWatch: changed.watchID = 1_000 + honest.watchID % 2
    case .eventsBeforeCreated:
      guard honest.created else {
        // A watch has to be created before it can be lied about.
        changed.canceled = true
        changed.events = []
        return [changed]
      }
      var early = honest
      early.created = false
      early.events = [
        .with {
          $0.kv = .with {
            $0.key = .init("/f/things/early".utf8); $0.modRevision = 1 << 40
          }
        }
      ]
      return [early, honest]
    case .twoCreated:
      guard !honest.created, !honest.events.isEmpty else { return [honest] }
      var again = honest
      again.created = true
      again.events = []
      return [again, honest]
    case .endlessFragments:
      guard let event = honest.events.first else { return [honest] }
      changed.fragment = true
      var large = event
      large.kv.value = .init(repeating: 0x20, count: 256 << 10)
      changed.events = Array(repeating: large, count: 4)
      return Array(repeating: changed, count: 100)
    case .cancelWithoutReason:
      guard !honest.created else { return [honest] }
      changed.canceled = true
      changed.events = []
    case .putWithoutKeyValue: for index in changed.events.indices { changed.events[index].clearKv() }
    case .hugeMessage:
      guard let event = honest.events.first else { return [honest] }
      var large = event
      large.kv.value = .init(repeating: 0x20, count: 40 << 20)
      changed.events = [large] + honest.events
    case .silence: return []
    case .fewResponses: break
    }
    return [changed]
  }

  func change(_ honest: Etcdserverpb_RangeResponse) throws -> [UInt8]? {
    var changed = honest
    switch self {
    case .headerZero: changed.header.revision = 0
    case .headerBackwards: changed.header.revision = 1
    case .headerMaximal: changed.header.revision = .max
    case .outsidePrefix:
      for index in changed.kvs.indices { changed.kvs[index].key = .init("/elsewhere".utf8) }
    case .outOfOrder: changed.kvs.reverse()
    case .duplicated: changed.kvs = honest.kvs.flatMap { [$0, $0] }
    case .silence: return nil
    default: break
    }
    return try changed.serializedBytes()
  }

  func change(_ honest: Etcdserverpb_TxnResponse) throws -> [UInt8]? {
    var changed = honest
    switch self {
    case .headerZero: changed.header.revision = 0
    case .fewResponses: changed.responses = []
    case .silence: return nil
    default: break
    }
    return try changed.serializedBytes()
  }
}
