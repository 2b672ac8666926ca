import HoldfastStructures
import Synchronization

/// What local readers see, and all that they touch. Writers publish whole steps. Readers wait for nobody: a read of several keys
/// sees a step whole or not at all, one of a single key the newest that there is.
final class CacheIndex: Sendable {
  /// Why there is nothing to read.
  enum Absence: Sendable {
    case notStarted
    case notLoaded(HoldfastError?)
    case stopped
  }

  private let map: EntryMap<CacheEntry>
  /// Only those look who found that there is nothing.
  private let absence = Mutex(Absence.notStarted)

  /// - Parameter prefix: What all its keys begin with.
  init(prefix: Key) { map = EntryMap(prefix: prefix.bytes) }

  /// From now on there is nothing to read, until something is reached.
  func set(_ absence: Absence) {
    self.absence.withLock { $0 = absence }
    map.publish([]) { $0.isLoaded = false }
  }

  /// Makes the changes of one step visible, and how far the store has been followed with it.
  func publish(_ changes: [VisibleChange], reached: Revision?) {
    map.publish(changes.lazy.map { ($0.key.bytes, $0.record?.entry) }) { marks in
      guard let reached else { return }
      marks.revision = reached.rawValue
      marks.isLoaded = true
    }
  }

  /// What there is under one key.
  enum Found {
    case nothing
    /// What came of decoding the value, without what else is held of it.
    case outcome(DecodingOutcome)
    /// Nothing is kept of its value.
    case undecoded(CacheRecord)
  }

  /// What there is under a key, which is given without the prefix.
  func find(_ relativeKey: Key) throws -> Found {
    try withEntry(relativeKey) { entry in
      guard let entry else { return .nothing }
      return entry.outcome.withObject { $0.map(Found.outcome) ?? .undecoded(CacheRecord(entry)) }
    }
  }

  func contains(_ relativeKey: Key) throws -> Bool { try withEntry(relativeKey) { $0 != nil } }

  /// Lends the entry of a key, which is given without the prefix.
  @inline(__always)
  func withEntry<R>(_ relativeKey: Key, _ body: (CacheEntry?) throws -> R) throws -> R {
    try map.withLatest(relativeKey.bytes) { marks, entry in
      try check(marks)
      return try body(entry)
    }
  }

  /// The records of several keys in one step, and the revision that the store was followed to.
  func records(_ keys: [Key]) throws -> (records: [CacheRecord?], revision: Revision) {
    try map.read { view in
      try check(view.marks)
      return (keys.map { view[$0.bytes].map(CacheRecord.init) }, Revision(view.marks.revision))
    }
  }

  func records(in range: KeyRange) throws -> (records: [CacheRecord], revision: Revision) {
    let (entries, revision) = try map.read { view in
      try check(view.marks)
      return (view.elements(view.ranks(range)), view.marks.revision)
    }
    return (entries.map(CacheRecord.init), Revision(revision))
  }

  func count(in range: KeyRange) throws -> Int {
    try map.read { view in
      try check(view.marks)
      return view.ranks(range).count
    }
  }

  func size() throws -> CacheSize {
    try map.read { view in
      try check(view.marks)
      return CacheSize(entries: view.count, bytes: view.weight)
    }
  }

  private func check(_ marks: ConcurrentIndex.Marks) throws {
    if !marks.isLoaded { throw absenceError }
  }

  private var absenceError: HoldfastError {
    switch absence.withLock({ $0 }) {
    case .notStarted: HoldfastError(.notStarted, "the cache was not started; use withCache, or run() it")
    case .notLoaded(let cause):
      HoldfastError(
        .notLoaded, "the cache has not loaded yet\(cause.map { ": \($0.message)" } ?? "")", cause: cause)
    case .stopped: HoldfastError(.stopped, "the cache has been stopped")
    }
  }
}

extension EntryMap.View {
  fileprivate func ranks(_ range: KeyRange) -> Range<Int> {
    let start = rank(range.start.bytes)
    return start..<max(start, range.end.map { rank($0.bytes) } ?? count)
  }
}

/// How much a cache holds.
public struct CacheSize: Hashable, Sendable {
  /// Keys, undecodable ones included.
  public let entries: Int
  /// Bytes of keys and of values as the store has them (compressed ones compressed).
  public let bytes: Int
}
