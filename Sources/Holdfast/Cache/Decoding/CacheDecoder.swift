internal import HoldfastStructures

/// How a cache makes records of what the store says, and values of records.
package final class CacheDecoder<Value: Sendable>: Sendable {
  let keyspace: Keyspace<Value>
  let policy: CacheConfiguration.Decoding
  let findings: Findings
  private let keepsBytes: Bool
  /// See ``CacheConfiguration/keyFilter``.
  private let keyFilter: (@Sendable (Key) -> Bool)?

  /// - Parameter keepsBytes: Whether the bytes of values are kept although nothing here needs them any more.
  package convenience init(
    _ keyspace: Keyspace<Value>, _ policy: CacheConfiguration.Decoding = .eager, keepsBytes: Bool = false
  ) {
    self.init(keyspace, policy, Findings(), keepsBytes: keepsBytes)
  }

  init(
    _ keyspace: Keyspace<Value>, _ policy: CacheConfiguration.Decoding, _ findings: Findings, keepsBytes: Bool = false,
    keyFilter: (@Sendable (Key) -> Bool)? = nil
  ) {
    self.keyFilter = keyFilter
    (self.keyspace, self.policy, self.findings) = (keyspace, policy, findings)
    self.keepsBytes = keepsBytes || policy == .onDemand || keyspace.decodesEachRead
  }

  /// Never throws: what does not decode is kept with its error.
  package func record(_ keyValue: KeyValue) -> CacheRecord {
    let isLeftOut = leavesOut(keyspace.relativeKey(of: keyValue.key))
    if policy == .onDemand, !isLeftOut { return CacheRecord(keyValue: keyValue) }
    var keyValue = keyValue
    // The key came beside the bytes, and would keep their page of memory from being of use to others when they are gone.
    if !keepsBytes || isLeftOut { keyValue.key = Key(bytes: Bytes.copy(keyValue.key.bytes)) }
    if isLeftOut { return CacheRecord(keyValue: keyValue, keepsBytes: false) }
    do {
      let stored = try keyspace.decode(keyValue)
      return CacheRecord(
        keyValue: keyValue, outcome: keyspace.decodesEachRead ? nil : stored.storage, keepsBytes: keepsBytes)
    } catch {
      let failure = DecodingFailure(HoldfastError(wrapping: error))
      return CacheRecord(keyValue: keyValue, outcome: failure, keepsBytes: keepsBytes)
    }
  }

  package func change(_ event: WatchEvent) -> CacheChange {
    switch event.kind {
    case .put: .put(record(event.keyValue))
    case .delete: .delete(event.key, event.modRevision)
    }
  }

  package func effect(_ write: AcknowledgedWrite) -> WriteEffect {
    switch write {
    case .put(let keyValue): .put(record(keyValue))
    case .delete(let range): .delete(range)
    }
  }

  /// The value of a record, decoded now if nothing is kept of it. No lock is held meanwhile: of several who come first each
  /// may decode it, and all get what the first of them has made of it.
  ///
  /// - Throws: ``HoldfastError`` with code `decodingFailed`.
  package func value(of record: CacheRecord) throws -> Stored<Value> {
    if let kept = try kept(record) { return kept }
    guard let keyValue = record.keyValue else { throw leftOut(record.key) }
    // Known to be a value when it came.
    if policy == .eager { return try keyspace.decode(keyValue) }
    do {
      let stored = try keyspace.decode(keyValue)
      if keyspace.decodesEachRead { return stored }
      record.entry.outcome.set(stored.storage)
      return try kept(record) ?? stored
    } catch {
      let error = HoldfastError(wrapping: error)
      if record.entry.outcome.set(DecodingFailure(error)) { findings.add(record) }
      if let kept = try kept(record) { return kept }
      throw error
    }
  }

  /// Whether a key, which is given relative to the keyspace, is one that the cache holds nothing of.
  func leavesOut(_ relativeKey: @autoclosure () -> Key) -> Bool { keyFilter.map { !$0(relativeKey()) } ?? false }

  /// Whether there may be such keys.
  var isFiltering: Bool { keyFilter != nil }

  /// Says of keys that were not found, relative to the keyspace, that nobody looked.
  ///
  /// - Throws: ``HoldfastError`` with code `invalidArgument`.
  func checkHeld(_ relativeKey: Key) throws {
    if leavesOut(relativeKey) { throw leftOut(keyspace.storeKey(for: relativeKey)) }
  }

  private func leftOut(_ storeKey: Key) -> HoldfastError {
    HoldfastError(
      .invalidArgument, "the cache's key filter leaves this key out; read it from the store", key: storeKey)
  }

  private func kept(_ record: CacheRecord) throws -> Stored<Value>? {
    guard let outcome = record.outcome else { return nil }
    if let failure = outcome.failure { throw failure }
    return Stored(outcome)
  }

  private func quarantined(_ record: CacheRecord, _ error: HoldfastError) -> QuarantinedKey {
    keyspace.quarantined(record.key, record.modRevision, error)
  }

  /// What is in memory under several keys, as an answer.
  func lookup(_ keys: [Key], _ held: [CacheRecord?], revision: Revision) -> Lookup<Value> {
    var found: [Stored<Value>] = []
    var quarantined: [QuarantinedKey] = []
    for record in held.lazy.compactMap({ $0 }) {
      do {
        found.append(try value(of: record))
      } catch {
        quarantined.append(self.quarantined(record, HoldfastError(wrapping: error)))
      }
    }
    let missing = zip(keys, held).filter { $0.1 == nil }.map(\.0)
    return Lookup(found: found, missing: missing, quarantined: quarantined, revision: revision)
  }

  /// What is in memory in a range, as an answer.
  func listing(_ held: RangeValues, revision: Revision) -> Listing<Value> {
    var outcomes = held.outcomes
    var quarantined: [QuarantinedKey] = []
    if !held.others.isEmpty {
      outcomes = []
      outcomes.reserveCapacity(held.count)
      var next = 0
      for (place, record) in held.others {
        outcomes += held.outcomes[next..<place]
        next = place
        do {
          outcomes.append(try value(of: record).storage)
        } catch {
          quarantined.append(self.quarantined(record, HoldfastError(wrapping: error)))
        }
      }
      outcomes += held.outcomes[next...]
    }
    return Listing(outcomes: outcomes, revision: revision, quarantined: quarantined, more: false, total: held.count)
  }
}

/// As an eager cache does it, but for the bytes, which are kept for those who look whether they are right.
extension Keyspace {
  private var decoder: CacheDecoder<Value> { CacheDecoder(self, keepsBytes: true) }

  package func record(_ keyValue: KeyValue) -> CacheRecord { decoder.record(keyValue) }

  package func change(_ event: WatchEvent) -> CacheChange { decoder.change(event) }

  package func effect(_ write: AcknowledgedWrite) -> WriteEffect { decoder.effect(write) }
}
