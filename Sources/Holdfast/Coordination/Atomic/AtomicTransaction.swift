import Synchronization

/// The store as a closure of ``Store/atomically(from:configuration:_:)`` sees it: as it was at one revision, with the closure's own
/// writes over it. Nothing is written before the closure has returned.
///
/// Good for one run of the closure; afterwards every function throws `stopped`.
public final class AtomicTransaction: Sendable {
  private struct State {
    var log: AtomicLog
    var isOver = false
    /// Why what was to be read is not there any more.
    var conflict: HoldfastError?
    /// Whether something was taken from the snapshot.
    var readsSnapshot = false
  }

  private let backend: any Backend
  private let snapshot: AtomicSnapshot?
  private let state: Mutex<State>

  init(_ backend: any Backend, snapshot: AtomicSnapshot?) {
    self.backend = backend
    self.snapshot = snapshot
    state = Mutex(State(log: AtomicLog(pin: snapshot?.revision)))
  }

  /// The value of a key, nil when there is none. What the closure has put before is returned as ``Keyspace/draft(_:)`` returns it:
  /// without revisions, since the store has not seen it.
  ///
  /// - Throws: ``HoldfastError`` with code `decodingFailed`, or as the store does.
  public func get<Value>(_ keyspace: Keyspace<Value>, _ key: some KeyRepresentable) async throws -> Stored<Value>? {
    let range = KeyRange.key(keyspace.storeKey(for: key))
    let records = try await withBytes(read(range), range, keyspace)
    return try records.first.map { try AtomicSnapshot.value(of: $0, keyspace) }
  }

  /// The values below a prefix, relative to the keyspace; all of them by default. `mail` and `mail/` are the same prefix and do
  /// not cover `mail2/`.
  ///
  /// That nothing is added, changed or deleted there until the commit costs one compare for the range and one for each key in it:
  /// with more than the store takes (``BackendLimits/transactionOperations``) a closure that writes fails with
  /// `tooManyOperations`. One that only reads may read any number.
  public func list<Value>(
    _ keyspace: Keyspace<Value>, prefix: some KeyRepresentable = Key(bytes: [])
  ) async throws -> Listing<Value> {
    let range = keyspace.range(ofPrefix: prefix)
    let records = try await withBytes(read(range), range, keyspace)
    var values: [Stored<Value>] = []
    var quarantined: [QuarantinedKey] = []
    for record in records {
      do {
        values.append(try AtomicSnapshot.value(of: record, keyspace))
      } catch {
        quarantined.append(keyspace.quarantined(record.key, record.modRevision, HoldfastError(wrapping: error)))
      }
    }
    return Listing(
      values: values, revision: state.withLock { $0.log.pin } ?? .zero, quarantined: quarantined, more: false,
      total: records.count)
  }

  /// Whether the key exists, decodable or not.
  public func exists<Value>(_ keyspace: Keyspace<Value>, _ key: some KeyRepresentable) async throws -> Bool {
    try await !read(.key(keyspace.storeKey(for: key))).isEmpty
  }

  /// Writes a value, whether or not its key exists; attached to a lease, if one is given. What is written last counts.
  ///
  /// - Throws: ``HoldfastError``: `encodingFailed`, or `invalidArgument` for a key that the keyspace must not write.
  public func put<Value>(_ keyspace: Keyspace<Value>, _ value: Value, lease: LeaseID? = nil) throws {
    var operation = keyspace.put(value)
    if let lease { operation = operation.lease(lease) }
    try write(operation)
  }

  /// Reads a value, changes it by the closure, and writes it. It returns what is written.
  ///
  /// - Throws: ``HoldfastError``: `keyNotFound` when there is none; `keyMismatch` when the change would give the value another key;
  ///   what the closure throws.
  @discardableResult
  public func update<Value>(
    _ keyspace: Keyspace<Value>, _ key: some KeyRepresentable,
    _ change: @escaping @Sendable (inout Value) throws -> Void
  ) async throws -> Value {
    guard let stored = try await get(keyspace, key) else {
      throw HoldfastError(
        .keyNotFound, "there is no such key", key: keyspace.storeKey(for: key), outcome: .refused)
    }
    var operation = keyspace.update(stored, change)
    if let lease = stored.lease { operation = operation.lease(lease) }
    return try keyspace.codec.decode(try write(operation))
  }

  /// Deletes a key, whether or not it exists.
  public func delete<Value>(_ keyspace: Keyspace<Value>, _ key: some KeyRepresentable) throws {
    try checked { $0.log.delete(keyspace.storeKey(for: key)) }
  }

  /// Makes the commit depend on a condition, such as a lock's ``HeldLock/condition``. One that does not hold is no conflict:
  /// `constraintViolated` is thrown, and the closure not run again.
  public func require(_ conditions: Condition...) throws {
    try checked { $0.log.conditions += conditions.map(\.compare) }
  }

  @discardableResult
  private func write<R>(_ operation: StoreOperation<R>) throws -> [UInt8] {
    guard case .put(let request)? = try operation.prepared().requests.first else {
      throw HoldfastError(.internal, "a write is none", outcome: .refused)
    }
    try checked { $0.log.put(request) }
    return request.value
  }

  private func read(_ range: KeyRange) async throws -> [CacheRecord] {
    while true {
      let lookup = try checked { state in
        let lookup = state.log.lookup(range)
        guard case .read = lookup, let snapshot, snapshot.range.contains(range) else { return lookup }
        state.readsSnapshot = true
        _ = state.log.note(range, snapshot.read(range), asked: snapshot.revision, at: snapshot.revision)
        return state.log.lookup(range)
      }
      guard case .read(let revision) = lookup else {
        if case .found(let records) = lookup { return records }
        continue
      }
      let (keyValues, header) = try await fetch(range, at: revision)
      // Another read may have been the first one meanwhile.
      let records = keyValues.map { CacheRecord(keyValue: $0) }
      try checked { _ = $0.log.note(range, records, asked: revision, at: header.revision) }
    }
  }

  /// Asks the store. That it does not have what is to be read any more is a conflict.
  private func fetch(_ range: KeyRange, at revision: Revision?) async throws -> ([KeyValue], ResponseHeader) {
    do {
      guard range.isSingleKey else {
        let list = try await backend.list(range, at: revision)
        return (list.keyValues, list.header)
      }
      var request = RangeRequest(range)
      request.revision = revision
      let answer = try await backend.range(request)
      return (answer.keyValues, answer.header)
    } catch let error as HoldfastError where error.code == .compacted || error.code == .futureRevision {
      throw conflict(error)
    } catch {
      throw error
    }
  }

  private func conflict(_ error: HoldfastError) -> HoldfastError {
    state.withLock { $0.conflict = error }
    return error
  }

  /// What was read of a range, with the bytes of all values that are still to be decoded for a keyspace. A snapshot's cache need not
  /// have kept them: then the store still has what it had at that revision.
  private func withBytes<Value>(
    _ records: [CacheRecord], _ range: KeyRange, _ keyspace: Keyspace<Value>
  ) async throws -> [CacheRecord] {
    let isDecoded = snapshot?.isDecoded(for: keyspace) ?? false
    func isReadable(_ record: CacheRecord) -> Bool { record.keepsBytes || isDecoded && !record.isLeftOut }
    if records.allSatisfy(isReadable) { return records }
    let (keyValues, _) = try await fetch(range, at: snapshot?.revision)
    let fetched = Dictionary(keyValues.map { ($0.key, $0) }) { $1 }
    return try records.map { record in
      if isReadable(record) { return record }
      guard let keyValue = fetched[record.key], record.isHeld(as: keyValue) else {
        throw conflict(
          HoldfastError(
            .revisionMismatch, "the store does not hold what the snapshot shows: it was restored", key: record.key,
            revision: record.modRevision))
      }
      return CacheRecord(keyValue: keyValue)
    }
  }

  private func checked<R: Sendable>(_ body: (inout State) throws -> R) throws -> R {
    try state.withLock { state in
      if state.isOver { throw HoldfastError(.stopped, "the closure of this transaction has ended", outcome: .refused) }
      return try body(&state)
    }
  }

  /// Ends it: what was read and written, why it cannot be trusted if so, and whether the snapshot was used.
  func finish() -> (log: AtomicLog, conflict: HoldfastError?, readsSnapshot: Bool) {
    state.withLock { state in
      state.isOver = true
      return (state.log, state.conflict, state.readsSnapshot)
    }
  }
}
