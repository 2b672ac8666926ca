internal import HoldfastStructures

/// How a cache makes records of what the store says, and values of records.
package struct CacheDecoder<Value: Sendable>: Sendable {
  let keyspace: Keyspace<Value>
  let policy: CacheConfiguration.Decoding
  let findings: Findings

  package init(_ keyspace: Keyspace<Value>, _ policy: CacheConfiguration.Decoding = .eager) {
    self.init(keyspace, policy, Findings())
  }

  init(_ keyspace: Keyspace<Value>, _ policy: CacheConfiguration.Decoding, _ findings: Findings) {
    (self.keyspace, self.policy, self.findings) = (keyspace, policy, findings)
  }

  /// Never throws: what does not decode is kept with its error.
  package func record(_ keyValue: KeyValue) -> CacheRecord {
    if policy == .onDemand { return CacheRecord(keyValue: keyValue) }
    do {
      let stored = try keyspace.decode(keyValue)
      return CacheRecord(keyValue: keyValue, outcome: keyspace.decodesEachRead ? nil : stored.storage)
    } catch {
      return CacheRecord(keyValue: keyValue, outcome: DecodingFailure(HoldfastError(wrapping: error)))
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
    // Known to be a value when it came.
    if policy == .eager { return try keyspace.decode(record.keyValue) }
    do {
      let stored = try keyspace.decode(record.keyValue)
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

  private func kept(_ record: CacheRecord) throws -> Stored<Value>? {
    guard let outcome = record.outcome else { return nil }
    if let failure = outcome.failure { throw failure }
    return Stored(outcome)
  }

  /// What is in memory under several keys, as an answer.
  func lookup(_ keys: [Key], _ held: [CacheRecord?], revision: Revision) -> Lookup<Value> {
    var found: [Stored<Value>] = []
    var quarantined: [QuarantinedKey] = []
    for record in held.lazy.compactMap({ $0 }) {
      do {
        found.append(try value(of: record))
      } catch {
        quarantined.append(keyspace.quarantined(record.keyValue, HoldfastError(wrapping: error)))
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
          quarantined.append(keyspace.quarantined(record.keyValue, HoldfastError(wrapping: error)))
        }
      }
      outcomes += held.outcomes[next...]
    }
    return Listing(outcomes: outcomes, revision: revision, quarantined: quarantined, more: false, total: held.count)
  }
}

/// As an eager cache does it.
extension Keyspace {
  package func record(_ keyValue: KeyValue) -> CacheRecord { CacheDecoder(self).record(keyValue) }

  package func change(_ event: WatchEvent) -> CacheChange { CacheDecoder(self).change(event) }

  package func effect(_ write: AcknowledgedWrite) -> WriteEffect { CacheDecoder(self).effect(write) }
}
