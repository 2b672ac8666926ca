import HoldfastStructures
import Synchronization

/// What local readers see, and all that they touch. Writers publish whole steps. Readers wait for nobody, and each read sees a step
/// whole or not at all.
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
    let shown = changes.compactMap { change -> (key: [UInt8], element: CacheEntry?)? in
      let key = change.key.bytes
      guard let record = change.record, record.isLeftOut else { return (key, change.record?.entry) }
      // It is shown only if the filter has said something else before.
      return map.read { $0[key] } == nil ? nil : (key, nil)
    }
    map.publish(shown) { marks in
      guard let reached else { return }
      marks.revision = reached.rawValue
      marks.isLoaded = true
    }
  }

  /// What there is under one key; `Outcome` is a reference to what came of decoding it.
  enum Found<Outcome> {
    case nothing
    case value(Outcome)
    /// Not decoded, or no value.
    case other(CacheRecord)
  }

  /// What there is under a key, which is given without the prefix.
  func find(_ relativeKey: Key) throws -> Found<DecodingOutcome> {
    let read = map.beginRead()
    defer { read.end() }
    switch try find(relativeKey, in: read) {
    case .nothing: return .nothing
    case .value(let outcome): return .value(outcome.takeUnretainedValue())
    case .other(let record): return .other(record)
    }
  }

  func beginRead() -> EpochRead { map.beginRead() }

  /// What there is under a key, for as long as the read goes on.
  @inline(__always)
  func find(_ relativeKey: Key, in read: EpochRead) throws -> Found<Unmanaged<DecodingOutcome>> {
    let (element, marks) = map.lookUp(relativeKey.bytes, in: read)
    try check(marks)
    return element?._withUnsafeGuaranteedRef { entry in
      guard let outcome = entry.outcome.unretained, !outcome._withUnsafeGuaranteedRef({ $0.isFailure }) else {
        return .other(CacheRecord(entry))
      }
      return .value(outcome)
    } ?? .nothing
  }

  func contains(_ relativeKey: Key) throws -> Bool {
    let read = map.beginRead()
    defer { read.end() }
    let (element, marks) = map.lookUp(relativeKey.bytes, in: read)
    try check(marks)
    return element != nil
  }

  /// The records of several keys in one step, and the revision that the store was followed to.
  func records(_ keys: [Key]) throws -> (records: [CacheRecord?], revision: Revision) {
    try map.read { view in
      try check(view.marks)
      return (keys.map { view[$0.bytes].map(CacheRecord.init) }, Revision(view.marks.revision))
    }
  }

  /// What there is in a range, in key order, and the revision that the store was followed to.
  func values(in range: KeyRange) throws -> (values: RangeValues, revision: Revision) {
    try map.read { view in
      try check(view.marks)
      let ranks = view.ranks(range)
      var values = RangeValues(capacity: ranks.count)
      view.forEach(ranks, fetching: { $0.outcome.address }) { values.append($0) }
      return (values, Revision(view.marks.revision))
    }
  }

  /// How many keys there are below a folder, which is given without the prefix.
  func count(below folder: Key) throws -> Int {
    try map.read { view in
      try check(view.marks)
      return view.count(below: folder.bytes)
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
  /// What local reads show, as the store has it: the bytes of its whole keys and of its encoded values (compressed ones
  /// compressed), and nothing else. It is no measure of memory: a cache that decodes when values arrive holds the decoded values
  /// and not these bytes, one that decodes on demand both of what was read; what places, revisions and the remembered past take
  /// comes on top.
  public let bytes: Int
}
