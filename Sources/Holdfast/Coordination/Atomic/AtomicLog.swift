package import HoldfastCore

/// What one attempt of an atomic closure has read and written, and what must hold for its writes to be made. Pure.
///
/// All that is read is the state at one revision, the *pin*: that of the first read. Own writes lie over it. The writes are made
/// if nothing that was read has changed since:
///
/// - a key that was there must still be at its revision; one that was not must still be missing,
/// - of a range no key may be newer than the pin, which catches what was changed and what was added (phantoms). A store compares
///   only the keys that a range holds, so a deleted one is not missed there; it is by the compare of each key that was found.
package struct AtomicLog: Sendable {
  package enum Lookup: Equatable, Sendable {
    case found([CacheRecord])
    /// Ask the store for the range, at this revision; nil for the newest.
    case read(at: Revision?)
  }

  package enum Write: Equatable, Sendable {
    case put([UInt8], lease: LeaseID?)
    case delete
  }

  package private(set) var pin: Revision?
  /// What the ranges and keys that were read hold at the pin.
  private var held = SortedMap<CacheRecord>()
  private var keys: Set<Key> = []
  private var ranges: [KeyRange] = []
  private var writes = SortedMap<Write>()
  package var conditions: [Compare] = []

  /// - Parameter pin: The revision of a snapshot that the reads are taken from.
  package init(pin: Revision? = nil) { self.pin = pin }

  package var isEmpty: Bool { writes.isEmpty && conditions.isEmpty }
  package var readsNothing: Bool { keys.isEmpty && ranges.isEmpty }

  /// What a key or a range holds, own writes included, or how to find out.
  package func lookup(_ range: KeyRange) -> Lookup {
    if range.isSingleKey, let write = writes[range.start] {
      return .found([write.record(range.start)].compactMap { $0 })
    }
    guard isKnown(range) else { return .read(at: pin) }
    var all = held.elements(in: range).map(\.value)
    let own = writes.elements(in: range)
    if !own.isEmpty {
      let written = Set(own.map(\.key))
      all.removeAll { written.contains($0.key) }
      all += own.compactMap { $0.value.record($0.key) }
      all.sort { $0.key < $1.key }
    }
    return .found(all)
  }

  private func isKnown(_ range: KeyRange) -> Bool {
    (range.isSingleKey && keys.contains(range.start)) || ranges.contains { $0.contains(range) }
  }

  /// Takes what the store answered. False when it is of another revision than what was read meanwhile: ask again.
  package mutating func note(_ range: KeyRange, _ records: [CacheRecord], asked: Revision?, at revision: Revision)
    -> Bool
  {
    let revision = asked ?? revision
    if let pin, pin != revision { return false }
    pin = revision
    if isKnown(range) { return true }
    for record in records { held[record.key] = record }
    if range.isSingleKey {
      keys.insert(range.start)
    } else {
      ranges.removeAll { range.contains($0) }
      ranges.append(range)
    }
    return true
  }

  package mutating func put(_ request: PutRequest) { writes[request.key] = .put(request.value, lease: request.lease) }

  package mutating func delete(_ key: Key) { writes[key] = .delete }

  /// What must hold of what was read.
  package var compares: [Compare] {
    let missing = keys.filter { key in held[key] == nil && !ranges.contains { $0.contains(key) } }
    return held.map { Compare(key: $0.key, .modRevision($0.value.modRevision)) }
      + missing.sorted().map { Compare(key: $0, .modRevision(.zero)) }
      + ranges.map { Compare($0, .modRevision((pin ?? .zero).next), .less) }
  }

  /// The writes, in key order.
  package var requests: [StoreRequest] {
    writes.map { key, write in
      switch write {
      case .put(let value, let lease): .put(PutRequest(key: key, value: value, lease: lease, previous: true))
      case .delete: .deleteRange(DeleteRangeRequest(.key(key)))
      }
    }
  }

  /// Refuses, before anything is sent, what cannot be one transaction.
  package func check(limit: Int) throws {
    let compares = compares.count + conditions.count
    if compares > limit {
      throw HoldfastError(
        .tooManyOperations,
        "the transaction read \(held.count) keys, in \(ranges.count) ranges and by themselves, and needs \(compares) compares "
          + "to be committed; the store takes \(limit). Read less in it, or raise `limits.transactionOperations` of "
          + "the backend, and etcd's --max-txn-ops",
        outcome: .refused)
    }
    if writes.count > limit {
      throw HoldfastError(
        .tooManyOperations,
        "the transaction writes \(writes.count) keys; the store takes \(limit) operations in one. Split it, or raise "
          + "`limits.transactionOperations` of the backend, and etcd's --max-txn-ops", outcome: .refused)
    }
  }
}

extension AtomicLog.Write {
  /// What is written, as it is read back: nothing of it is known to the store yet.
  fileprivate func record(_ key: Key) -> CacheRecord? {
    guard case .put(let value, let lease) = self else { return nil }
    return CacheRecord(
      keyValue: KeyValue(
        key: key, value: value, createRevision: .zero, modRevision: .zero, version: 0, lease: lease))
  }
}
