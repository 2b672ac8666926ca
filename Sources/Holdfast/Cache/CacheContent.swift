/// What a cache keeps of a value.
enum CacheContent<Value: Sendable>: Sendable {
  case value(Stored<Value>)
  /// Decoded anew for each read, from the bytes beside it: nobody can change what others read.
  case encoded
  /// The bytes are no value (G9).
  case undecodable(HoldfastError)
}

typealias Record<Value: Sendable> = CacheRecord<CacheContent<Value>>

extension Keyspace {
  /// Decodes a raw key-value for a cache. Never throws: what does not decode is kept with its error.
  func record(_ keyValue: KeyValue) -> Record<Value> {
    do {
      let stored = try decode(keyValue)
      return Record<Value>(keyValue: keyValue, content: decodesEachRead ? .encoded : .value(stored))
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

  func change(_ event: WatchEvent) -> CacheChange<CacheContent<Value>> {
    switch event.kind {
    case .put: .put(record(event.keyValue))
    case .delete: .delete(event.key, event.modRevision)
    }
  }

  func effect(_ write: AcknowledgedWrite) -> WriteEffect<CacheContent<Value>> {
    switch write {
    case .put(let keyValue): .put(record(keyValue))
    case .delete(let range): .delete(range)
    }
  }

  /// Decodes a whole list, off the caller's executor.
  @concurrent
  func records(_ keyValues: [KeyValue]) async -> [Record<Value>] { keyValues.map(record) }
}
