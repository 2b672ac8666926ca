extension Cache {
  /// Lends the value of a key to a closure, and returns what that returns; nil when there is no such key, or the closure
  /// returned nil.
  ///
  /// It is for closures that want a part of the value: no handle is made, and the value is not copied. What the closure copies
  /// out of it is its own, and may be kept.
  ///
  /// While the closure runs, everything that the caches of this process replace is kept in memory. So it has to be short: it must
  /// not block, wait for a lock that is held for long, or do work that takes time (it cannot `await`). Nothing worse than
  /// memory comes of one that does, since readers and writers do not wait for it. It may read this cache and others, in the
  /// same way too.
  ///
  /// ```swift
  /// let owner = try cache.withValue(of: "mail/42") { $0.owner }
  /// ```
  ///
  /// A value that is still to be decoded (``CacheConfiguration/Decoding/onDemand``, ``Keyspace/decodesEachRead``) is decoded
  /// before, and kept as ``get(_:)`` does.
  ///
  /// - Throws: ``HoldfastError`` with code `decodingFailed` for a key whose bytes are no value (G9); `notStarted`, `notLoaded` or
  ///   `stopped`; what the closure throws.
  @discardableResult
  public func withValue<R>(of key: some KeyRepresentable, _ body: (Value) throws -> R?) throws -> R? {
    let undecoded: Record<Value>
    switch try index.withEntry(key.key, { try Loan($0, body) }) {
    case .returned(let result): return result
    case .missing: return nil
    case .undecoded(let record): undecoded = record
    }
    // The user's codec does not run where memory is held back.
    return try body(decoder.value(of: undecoded).value)
  }
}

/// What came of lending what an index holds.
private enum Loan<Value: Sendable, R> {
  case returned(R?)
  case missing
  case undecoded(Record<Value>)

  @inline(__always)
  init(_ entry: CacheEntry<CacheContent<Value>>?, _ body: (Value) throws -> R?) throws {
    guard let entry else {
      self = .missing
      return
    }
    switch entry.content {
    case .value(let stored): self = .returned(try body(stored.storage.value))
    case .encoded, .undecodable: self = .undecoded(CacheRecord(entry))
    case .onDemand:
      // Only these say so.
      let result = try (entry as? OnDemandEntry<Value>)?.withStorage { storage in
        try storage.map { Loan.returned(try body($0.value)) }
      }
      self = (result ?? nil) ?? .undecoded(CacheRecord(entry))
    }
  }
}
