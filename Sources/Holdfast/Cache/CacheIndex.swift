import HoldfastStructures
import Synchronization

/// What local readers see, and all that they touch.
///
/// Writers publish whole steps; a reader sees a step whole or not at all, takes no lock and waits for nobody.
final class CacheIndex<Content: Sendable>: Sendable {
  /// Whether there is anything to read.
  enum Availability: Sendable {
    case notStarted
    case notLoaded(HoldfastError?)
    case loaded
    case stopped
  }

  private let prefix: Key
  private let entries: ConcurrentIndex
  /// Why it is not loaded; only who finds that asks for it.
  private let cause = Mutex<HoldfastError?>(nil)

  /// - Parameter prefix: What every key begins with.
  init(prefix: Key) {
    self.prefix = prefix
    entries = ConcurrentIndex(skip: prefix.bytes.count)
  }

  func set(_ availability: Availability) {
    let phase: UInt8
    switch availability {
    case .notStarted: phase = Phase.notStarted
    case .notLoaded(let error):
      phase = Phase.notLoaded
      cause.withLock { $0 = error }
    case .loaded: phase = Phase.loaded
    case .stopped: phase = Phase.stopped
    }
    entries.publish([]) { $0.phase = phase }
  }

  /// Makes the changes of one step visible, and how far the store has been followed with it.
  func publish(_ changes: [VisibleChange<Content>], reached: Revision?) {
    var marks = entries.read { $0.marks }
    if let reached { marks = .init(revision: reached.rawValue, phase: Phase.loaded) }
    if changes.isEmpty, entries.read({ $0.marks == marks }) { return }
    entries.publish(changes.map { .init(keyBytes: $0.key.bytes, entry: $0.record?.entry) }) {
      if reached != nil { $0 = marks }
    }
  }

  /// The record of a key relative to the prefix.
  func record(_ key: some KeyRepresentable) throws -> CacheRecord<Content>? {
    try key.withKeyBytes { bytes in
      try read { $0.find(bytes).map { CacheRecord($0.entry(as: RecordEntry<Content>.self)) } }
    }
  }

  /// Hands the record of a key to a closure without retaining it.
  func withRecord<R>(_ key: some KeyRepresentable, _ body: (RecordEntry<Content>?) throws -> R) throws -> R {
    try key.withKeyBytes { bytes in
      try read { view in
        guard let found = view.find(bytes) else { return try body(nil) }
        return try found.withEntry(as: RecordEntry<Content>.self) { try body($0) }
      }
    }
  }

  func exists(_ key: some KeyRepresentable) throws -> Bool {
    try key.withKeyBytes { bytes in try read { $0.find(bytes) != nil } }
  }

  /// The records of several keys in one step, and the revision that the store was followed to.
  func records(_ keys: [Key]) throws -> (records: [CacheRecord<Content>?], revision: Revision) {
    try read { view in
      let records = keys.map { key in
        key.withKeyBytes { view.find($0).map { CacheRecord($0.entry(as: RecordEntry<Content>.self)) } }
      }
      return (records, Revision(view.marks.revision))
    }
  }

  func records(in range: KeyRange) throws -> (records: [CacheRecord<Content>], revision: Revision) {
    try read { view in
      let ranks = ranks(of: range, view)
      var records: [CacheRecord<Content>] = []
      records.reserveCapacity(ranks.count)
      view.forEach(from: ranks.lowerBound, count: ranks.count) {
        records.append(CacheRecord($0.entry(as: RecordEntry<Content>.self)))
        return true
      }
      return (records, Revision(view.marks.revision))
    }
  }

  /// Hands the records of a range to a closure, in key order and without retaining them, until it returns false.
  func forEach(in range: KeyRange, _ body: (RecordEntry<Content>) throws -> Bool) throws {
    try read { view in
      let ranks = ranks(of: range, view)
      try view.forEach(from: ranks.lowerBound, count: ranks.count) {
        try $0.withEntry(as: RecordEntry<Content>.self) { try body($0) }
      }
    }
  }

  func count(in range: KeyRange) throws -> Int {
    try read { ranks(of: range, $0).count }
  }

  func size() throws -> CacheSize {
    try read { CacheSize(entries: $0.count, bytes: $0.weight) }
  }

  var gauge: ReclamationGauge { entries.gauge }

  private func ranks(of range: KeyRange, _ view: borrowing ConcurrentIndex.View) -> Range<Int> {
    let start = rank(of: range.start, view)
    let end = range.end.map { rank(of: $0, view) } ?? view.count
    return start..<max(start, end)
  }

  /// How many keys are smaller than a whole key.
  private func rank(of bound: Key, _ view: borrowing ConcurrentIndex.View) -> Int {
    if bound.hasPrefix(prefix) {
      return bound.bytes.withUnsafeBytes { view.rank(UnsafeRawBufferPointer(rebasing: $0[prefix.bytes.count...])) }
    }
    return bound < prefix ? 0 : view.count
  }

  private func read<R>(_ body: (borrowing ConcurrentIndex.View) throws -> R) throws -> R {
    try entries.read { view in
      if view.marks.phase == Phase.loaded { return try body(view) }
      throw unavailable(view.marks.phase)
    }
  }

  @inline(never)
  private func unavailable(_ phase: UInt8) -> HoldfastError {
    switch phase {
    case Phase.notStarted:
      return HoldfastError(.notStarted, "the cache was not started; use withCache, or run() it")
    case Phase.stopped: return HoldfastError(.stopped, "the cache has been stopped")
    default:
      let cause = cause.withLock { $0 }
      let reason = cause.map { ": \($0.message)" } ?? ""
      return HoldfastError(.notLoaded, "the cache has not loaded yet\(reason)", cause: cause)
    }
  }
}

/// An availability as a mark of the index.
private enum Phase {
  static let notStarted: UInt8 = 0
  static let notLoaded: UInt8 = 1
  static let loaded: UInt8 = 2
  static let stopped: UInt8 = 3
}

/// How much a cache holds.
public struct CacheSize: Hashable, Sendable {
  /// Keys, undecodable ones included.
  public let entries: Int
  /// Bytes of keys and of values as the store has them (compressed ones compressed).
  public let bytes: Int
}
