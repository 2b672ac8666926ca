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
    if let outcome = record.outcome { return try Stored(outcome) }
    // Known to be a value when it came.
    if policy == .eager { return try keyspace.decode(record.keyValue) }
    do {
      let stored = try keyspace.decode(record.keyValue)
      if keyspace.decodesEachRead { return stored }
      record.entry.outcome.set(stored.storage)
      return try record.outcome.map(Stored.init) ?? stored
    } catch {
      let error = HoldfastError(wrapping: error)
      if record.entry.outcome.set(DecodingFailure(error)) { findings.add(record) }
      if let outcome = record.outcome { return try Stored(outcome) }
      throw error
    }
  }

  /// What is in memory under several keys, as an answer.
  func lookup(_ keys: [Key], _ held: [CacheRecord?], revision: Revision) -> Lookup<Value> {
    let (found, quarantined) = values(held.compactMap { $0 })
    let missing = zip(keys, held).filter { $0.1 == nil }.map(\.0)
    return Lookup(found: found, missing: missing, quarantined: quarantined, revision: revision)
  }

  /// What is in memory in a range, as an answer.
  func listing(_ records: [CacheRecord], revision: Revision) -> Listing<Value> {
    let (values, quarantined) = values(records)
    return Listing(values: values, revision: revision, quarantined: quarantined, more: false, total: records.count)
  }

  private func values(_ records: [CacheRecord]) -> (values: [Stored<Value>], quarantined: [QuarantinedKey]) {
    var values: [Stored<Value>] = []
    var undecodable: [QuarantinedKey] = []
    values.reserveCapacity(records.count)
    for record in records {
      do {
        values.append(try value(of: record))
      } catch {
        undecodable.append(keyspace.quarantined(record.keyValue, HoldfastError(wrapping: error)))
      }
    }
    return (values, undecodable)
  }
}

/// As an eager cache does it.
extension Keyspace {
  package func record(_ keyValue: KeyValue) -> CacheRecord { CacheDecoder(self).record(keyValue) }

  package func change(_ event: WatchEvent) -> CacheChange { CacheDecoder(self).change(event) }

  package func effect(_ write: AcknowledgedWrite) -> WriteEffect { CacheDecoder(self).effect(write) }
}
