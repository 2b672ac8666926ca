import Synchronization

/// What local readers see, and all that they touch: the boundary behind which a faster structure can take this one's place.
///
/// Writers publish whole steps; a reader sees a step whole or not at all.
final class CacheIndex<Content: Sendable>: Sendable {
  private struct State {
    var availability = Availability.notStarted
    var records = SortedMap<CacheRecord<Content>>()
    var bytes = 0
    var revision = Revision.zero
  }

  /// Whether there is anything to read.
  enum Availability: Sendable {
    case notStarted
    case notLoaded(HoldfastError?)
    case loaded
    case stopped
  }

  private let state = Mutex(State())

  func set(_ availability: Availability) { state.withLock { $0.availability = availability } }

  /// Makes the changes of one step visible, and how far the store has been followed with it.
  func publish(_ changes: [VisibleChange<Content>], reached: Revision?) {
    state.withLock { state in
      for change in changes {
        let old =
          if let record = change.record {
            state.records.updateValue(record, forKey: change.key)
          } else {
            state.records.removeValue(forKey: change.key)
          }
        state.bytes += (change.record?.bytes ?? 0) - (old?.bytes ?? 0)
      }
      if let reached {
        state.revision = reached
        state.availability = .loaded
      }
    }
  }

  func record(_ key: Key) throws -> CacheRecord<Content>? {
    try read { $0.records[key] }
  }

  /// The records of several keys in one step, and the revision that the store was followed to.
  func records(_ keys: [Key]) throws -> (records: [CacheRecord<Content>?], revision: Revision) {
    try read { state in (keys.map { state.records[$0] }, state.revision) }
  }

  func records(in range: KeyRange) throws -> (records: [CacheRecord<Content>], revision: Revision) {
    try read { state in (state.records.elements(in: range).map(\.value), state.revision) }
  }

  func count(in range: KeyRange) throws -> Int {
    try read { $0.records.count(in: range) }
  }

  func size() throws -> CacheSize {
    try read { CacheSize(entries: $0.records.count, bytes: $0.bytes) }
  }

  private func read<R>(_ body: (borrowing State) throws -> R) throws -> R {
    try state.withLock { state in
      switch state.availability {
      case .loaded: return try body(state)
      case .notStarted:
        throw HoldfastError(.notStarted, "the cache was not started; use withCache, or run() it")
      case .notLoaded(let cause):
        let reason = cause.map { ": \($0.message)" } ?? ""
        throw HoldfastError(.notLoaded, "the cache has not loaded yet\(reason)", cause: cause)
      case .stopped: throw HoldfastError(.stopped, "the cache has been stopped")
      }
    }
  }
}

/// How much a cache holds.
public struct CacheSize: Hashable, Sendable {
  /// Keys, undecodable ones included.
  public let entries: Int
  /// Bytes of keys and of values as the store has them (compressed ones compressed).
  public let bytes: Int
}

extension CacheRecord {
  var bytes: Int { keyValue.key.bytes.count + keyValue.value.count }
}
