/// What a cache keeps of a value.
package enum CacheContent<Value: Sendable>: Sendable {
  case value(Stored<Value>)
  /// Decoded anew for each read, from the bytes beside it: nobody can change what others read.
  case encoded
  /// The bytes are no value (G9).
  case undecodable(HoldfastError)
}

package typealias Record<Value: Sendable> = CacheRecord<CacheContent<Value>>

extension Keyspace {
  /// Decodes a raw key-value for a cache. Never throws: what does not decode is kept with its error.
  package func record(_ keyValue: KeyValue) -> Record<Value> {
    do {
      let stored = try decode(keyValue, keepsBytes: true)
      return decodesEachRead ? Record<Value>(keyValue: keyValue, content: .encoded) : Record<Value>(stored.entry)
    } catch {
      return Record<Value>(keyValue: keyValue, content: .undecodable(HoldfastError(wrapping: error)))
    }
  }

  /// The value of a record.
  ///
  /// - Throws: ``HoldfastError`` with code `decodingFailed`.
  func value(of record: Record<Value>) throws -> Stored<Value> {
    switch record.content {
    case .value(let stored): stored
    case .encoded: try decode(record.keyValue)
    case .undecodable(let error): throw error
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

  /// Decodes a whole list, off the caller's executor.
  @concurrent
  func records(_ keyValues: [KeyValue]) async -> [Record<Value>] { keyValues.map(record) }

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
        undecodable.append(quarantined(record.keyValue, HoldfastError(wrapping: error)))
      }
    }
    return (values, undecodable)
  }
}
