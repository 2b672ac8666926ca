extension Keyspace {
  /// The same keys with what a closure makes of each value, to be read only: for caches that need a part of the values, and whose
  /// memory need not hold the rest.
  ///
  /// ```swift
  /// let summaries = jobs.map { JobSummary(id: $0.id, state: $0.state) }
  /// try await store.withCache(of: summaries) { cache in
  ///   try await store.execute(jobs.put(job))
  ///   let state = try cache.get(job.id)?.value.state
  /// }
  /// ```
  ///
  /// An eager cache of it (``CacheConfiguration/Decoding/eager``) decodes a whole value when it arrives, makes the part, and drops the
  /// rest. Where the projection says ``decodesEachRead``, as it does of parts that are classes, it keeps the bytes instead, and makes
  /// the part for each read; set that for parts that refer to mutable state of the whole value.
  ///
  /// What is written through this keyspace is in that cache when the write returns, as in any (G2). Gets, lists, watches and deletes
  /// work as well. Writes of parts do not: ``put(_:)``, ``create(_:)`` and updates throw `encodingFailed` before anything is
  /// sent. Keys, revisions and leases are those of the whole values, and so is ``Stored/isMisplaced``.
  ///
  /// - Parameter transform: Called for each value that arrives, or is read. It should copy what it needs: a reference into the
  ///   whole value keeps that in memory. Where it throws the value counts as undecodable (G9).
  public func map<Part: Sendable>(_ transform: @escaping @Sendable (Value) throws -> Part) -> Keyspace<Part> {
    Keyspace<Part>(projecting: self, transform)
  }
}

/// Reads whole values as parts, and writes nothing.
struct ProjectionCodec<Whole: Sendable, Part: Sendable>: Codec {
  let whole: any Codec<Whole>
  let transform: @Sendable (Whole) throws -> Part

  func encode(_ value: Part) throws -> [UInt8] { throw CodecError.projection }

  func decode(_ bytes: [UInt8]) throws -> Part { try transform(try whole.decode(bytes)) }
}
