/// How a cache makes records of what the store says, and values of records.
package struct CacheDecoder<Value: Sendable>: Sendable {
  let keyspace: Keyspace<Value>
  let policy: CacheConfiguration.Decoding
  let findings: Findings<Value>

  package init(_ keyspace: Keyspace<Value>, _ policy: CacheConfiguration.Decoding = .eager) {
    self.init(keyspace, policy, Findings())
  }

  init(_ keyspace: Keyspace<Value>, _ policy: CacheConfiguration.Decoding, _ findings: Findings<Value>) {
    (self.keyspace, self.policy, self.findings) = (keyspace, policy, findings)
  }

  /// Never throws: what does not decode is kept with its error.
  package func record(_ keyValue: KeyValue) -> Record<Value> {
    if policy == .onDemand { return Record<Value>(OnDemandEntry(keyValue)) }
    do {
      let stored = try keyspace.decode(keyValue)
      return Record<Value>(keyValue: keyValue, content: keyspace.decodesEachRead ? .encoded : .value(stored))
    } catch {
      return Record<Value>(keyValue: keyValue, content: .undecodable(HoldfastError(wrapping: error)))
    }
  }

  package func change(_ event: WatchEvent) -> CacheChange<CacheContent<Value>> {
    switch event.kind {
    case .put: .put(record(event.keyValue))
    case .delete: .delete(event.key, event.modRevision)
    }
  }

  package func effect(_ write: AcknowledgedWrite) -> WriteEffect<CacheContent<Value>> {
    switch write {
    case .put(let keyValue): .put(record(keyValue))
    case .delete(let range): .delete(range)
    }
  }

  /// The value of a record.
  ///
  /// - Throws: ``HoldfastError`` with code `decodingFailed`.
  package func value(of record: Record<Value>) throws -> Stored<Value> {
    switch record.content {
    case .value(let stored): return stored
    case .encoded: return try keyspace.decode(record.keyValue)
    case .undecodable(let error): throw error
    case .onDemand:
      guard let entry = record.entry as? OnDemandEntry<Value> else { return try keyspace.decode(record.keyValue) }
      return try entry.value(self)
    }
  }

  /// What is in memory under several keys, as an answer.
  func lookup(_ keys: [Key], _ held: [Record<Value>?], revision: Revision) -> Lookup<Value> {
    let (found, quarantined) = values(held.compactMap { $0 })
    let missing = zip(keys, held).filter { $0.1 == nil }.map(\.0)
    return Lookup(found: found, missing: missing, quarantined: quarantined, revision: revision)
  }

  /// What is in memory in a range, as an answer.
  func listing(_ records: [Record<Value>], revision: Revision) -> Listing<Value> {
    let (values, quarantined) = values(records)
    return Listing(values: values, revision: revision, quarantined: quarantined, more: false, total: records.count)
  }

  private func values(_ records: [Record<Value>]) -> (values: [Stored<Value>], quarantined: [QuarantinedKey]) {
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
