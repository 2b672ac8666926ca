/// Operations that write one value. All return what is stored then, with its revision, version and lease, take `ttl`,
/// `lease` and `returningPrevious`, and fail with ``HoldfastError/outcome`` saying whether the write was refused, applied or
/// is unknown (G10).
extension Keyspace {
  /// Writes a value, whether its key exists or not.
  public func put(_ value: Value) -> StoreOperation<Stored<Value>> {
    write("put", value, under: nil)
  }

  /// Writes a value whose key must not exist; otherwise `alreadyExists`, with what it holds in `error.current(in:)`.
  public func create(_ value: Value) -> StoreOperation<Stored<Value>> {
    write("create", value, under: nil) { [Guard(Compare(key: $0, .modRevision(.zero)), .create)] }
  }

  /// Replaces a stored value by the (changed) one that is handed in, if nobody changed the key since; otherwise
  /// `revisionMismatch`, with what it holds in `error.current(in:)`. A value never stored (``draft(_:)``) is created.
  ///
  /// The key stays the stored one: a change that would give the value another key is refused with `keyMismatch`.
  public func update(_ stored: Stored<Value>) -> StoreOperation<Stored<Value>> {
    update(stored.value, under: stored.key, ifRevision: stored.modRevision, allowing: stored.isMisplaced)
  }

  /// As ``update(_:)``, with the change made by a closure when the operation is executed. What the closure throws is thrown as
  /// it is, and nothing was sent.
  public func update(
    _ stored: Stored<Value>, _ change: @escaping @Sendable (inout Value) throws -> Void
  ) -> StoreOperation<Stored<Value>> {
    StoreOperation { options in
      try checkWritable()
      var changed = stored
      // A class is changed in place by the closure: give it an object of its own.
      if decodesEachRead { changed.value = try codec.decode(try encode(stored.value)) }
      try change(&changed.value)
      return try update(changed).prepare(options)
    }
  }

  /// Writes a value if its key was last changed at this revision, zero meaning that it does not exist.
  public func update(_ value: Value, ifRevision revision: Revision) -> StoreOperation<Stored<Value>> {
    update(value, under: nil, ifRevision: revision, allowing: false)
  }

  private func update(
    _ value: Value, under key: Key?, ifRevision revision: Revision, allowing isMisplaced: Bool
  ) -> StoreOperation<Stored<Value>> {
    let meaning: Guard.Meaning = .revision
    return write("update", value, under: key, allowing: isMisplaced) { storeKey in
      [Guard(Compare(key: storeKey, .modRevision(revision)), meaning)]
    }
  }

  private func write(
    _ name: String, _ value: Value, under key: Key?, allowing isMisplaced: Bool = false,
    guards: @escaping @Sendable (Key) -> [Guard] = { _ in [] }
  ) -> StoreOperation<Stored<Value>> {
    StoreOperation { (options: OperationOptions) throws -> Prepared<Stored<Value>> in
      try checkWritable()
      let ownKey = self.key(of: value)
      let key = key ?? ownKey
      if key != ownKey, !isMisplaced {
        throw HoldfastError(
          .keyMismatch, "the change gives the value the key '\(ownKey)'; create it there and delete this one",
          key: storeKey(for: key), outcome: .refused)
      }
      // What exists under an odd key may be changed there; new odd keys are not made.
      if !isMisplaced { try key.checkRelative(below: prefix) }
      // What the key held tells version and create revision of what it holds now, which the caches need at once (rule 6).
      let request = PutRequest(
        key: storeKey(for: key), value: try encode(value), lease: options.lease, previous: true)
      return Prepared<Stored<Value>>(
        name, accepts: OperationOptions.Name.write, guards: guards(request.key), requests: [.put(request)]
      ) { answer in
        let written = request.written(
          previous: try answer.put().previous, lease: answer.lease, at: answer.header.revision)
        return stored(value, written, lease: answer.lease, previous: options.returnsPrevious)
      }
    }
  }

  /// What a write returns: the value that was handed in, with what the store made of it.
  private func stored(
    _ value: Value, _ written: (current: KeyValue, previous: KeyValue?), lease: Lease?, previous: Bool
  ) -> Stored<Value> {
    let stored = stored(value, written.current, key: key(of: value))
    if lease == nil, !previous { return stored }
    var decodePrevious: (@Sendable () throws -> Stored<Value>?)?
    if previous {
      let old = written.previous
      decodePrevious = { try old.map(decode) }
    }
    var meta = stored.meta
    meta.written = .init(leaseTTL: lease?.ttl, previous: decodePrevious)
    return Stored(value: value, meta: meta)
  }
}

extension PutRequest {
  /// What the key holds after the put, given what it held before.
  func written(previous: KeyValue?, lease granted: Lease? = nil, at revision: Revision) -> (
    current: KeyValue, previous: KeyValue?
  ) {
    // The version is the server's word, and must not trap whatever it is.
    let version = previous?.version ?? 0
    let keyValue = KeyValue(
      key: key, value: ignoreValue ? previous?.value ?? [] : value,
      createRevision: previous?.createRevision ?? revision, modRevision: revision,
      version: version < .max ? version + 1 : version,
      lease: ignoreLease ? previous?.lease : granted?.id ?? lease)
    return (keyValue, previous)
  }
}
