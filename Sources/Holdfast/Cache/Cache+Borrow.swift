internal import HoldfastStructures

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
  /// - Throws: ``HoldfastError`` with code `decodingFailed` for a key whose bytes are no value (G9), `invalidArgument` for one that
  ///   the cache leaves out; `notStarted`, `notLoaded` or `stopped`; what the closure throws.
  @discardableResult
  public func withValue<R>(of key: some KeyRepresentable, _ body: (Value) throws -> R?) throws -> R? {
    try withValue(of: key.key, body)
  }

  /// The same for who has a ``Key`` already, and would pay for it to be counted once more.
  @discardableResult
  public func withValue<R>(of key: Key, _ body: (Value) throws -> R?) throws -> R? {
    let undecoded: CacheRecord
    // Not in a closure: one that returns what the caller's does costs many times the look-up.
    do {
      let read = index.beginRead()
      defer { read.end() }
      switch try index.find(key, in: read) {
      case .nothing:
        try decoder.checkHeld(key)
        return nil
      // It lives until the read is ended.
      case .value(let value):
        return try value._withUnsafeGuaranteedRef { try body((known($0) as Stored<Value>.Storage).value) }
      case .other(let record): undecoded = record
      }
    }
    // The user's codec does not run where memory is held back.
    return try body(decoder.value(of: undecoded).value)
  }
}
