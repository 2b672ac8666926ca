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
    var undecoded: CacheRecord?
    let result = try index.withEntry(key.key) { entry -> R? in
      guard let entry else { return nil }
      return try entry.withStorage { (storage: Stored<Value>.Storage?) -> R? in
        if let storage { return try body(storage.value) }
        undecoded = CacheRecord(entry)
        return nil
      }
    }
    guard let undecoded else { return result }
    // The user's codec does not run where memory is held back.
    return try body(decoder.value(of: undecoded).value)
  }
}
