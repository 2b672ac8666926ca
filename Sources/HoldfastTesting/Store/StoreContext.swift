internal import Holdfast

/// What a case of the store works with: two keyspaces that nobody else uses, on a store whose requests can be counted and
/// changed.
struct StoreContext: Sendable {
  let context: ConformanceContext
  let backend: InterposedBackend
  let store: Store
  let way: Way
  let things: Keyspace<Thing>
  /// Where the operations go that accompany another in a transaction.
  let others: Keyspace<Thing>

  init(_ context: ConformanceContext, _ way: Way) {
    self.context = context
    self.way = way
    backend = InterposedBackend(context.backend)
    store = Store(backend: backend)
    things = Keyspace(prefix: context.key("things/")) { $0.id }
    others = Keyspace(prefix: context.key("others")) { $0.id }
  }

  /// Executes an operation in the way of the case.
  @discardableResult
  func commit<R>(_ operation: StoreOperation<R>) async throws -> (result: R, revision: Revision) {
    let before = others.put(Thing(id: "beside"))
    switch way {
    case .alone:
      let committed = try await store.commit(operation)
      return (committed.result, committed.revision)
    case .together:
      let committed = try await store.commit(before, operation, others.count())
      try expectEqual(committed.result.2, 1, "what the operation after it counts")
      return (committed.result.1, committed.revision)
    case .built:
      var transaction = Transaction()
      transaction.add(before)
      let handle = transaction.add(operation)
      let after = transaction.add(others.count())
      let results = try await store.execute(transaction)
      try expectEqual(try results[after], 1, "what the operation after it counts")
      return (try results[handle], results.revision)
    }
  }

  @discardableResult
  func run<R>(_ operation: StoreOperation<R>) async throws -> R { try await commit(operation).result }

  /// Executes an operation that must be refused, and checks that nothing was written and that the error says so.
  @discardableResult
  func refused<R>(
    _ operation: StoreOperation<R>, _ code: HoldfastError.Code, file: String = #fileID, line: UInt = #line
  ) async throws -> HoldfastError {
    let before = try await context.range().keyValues
    let error = try await expectFailure(code, file: file, line: line) { try await run(operation) }
    try expectEqual(error.outcome, refusal(of: operation), "outcome", file: file, line: line)
    let after = try await context.range().keyValues
    try expectEqual(after, before, "what there is after a refusal", file: file, line: line)
    return error
  }

  /// The outcome of an operation that is refused: none for what only reads. In company it is part of a transaction that writes.
  func refusal<R>(of operation: StoreOperation<R>) -> HoldfastError.Outcome? {
    way != .alone || operation.writes ? .refused : nil
  }

  /// As ``refused(_:_:file:line:)``, for what must be refused before anything is sent.
  @discardableResult
  func unsent<R>(
    _ operation: StoreOperation<R>, _ code: HoldfastError.Code, file: String = #fileID, line: UInt = #line
  ) async throws -> HoldfastError {
    let sent = backend.requests
    let error = try await expectFailure(code, file: file, line: line) { try await run(operation) }
    try expectEqual(backend.requests, sent, "requests sent", file: file, line: line)
    return error
  }

  /// Stores a thing, past what the case examines.
  @discardableResult
  func put(_ id: String, _ text: String = "") async throws -> Stored<Thing> {
    try await store.execute(things.put(Thing(id: id, text: text)))
  }

  func fill(_ ids: String...) async throws {
    for id in ids { try await put(id, id) }
  }

  /// Stores bytes under a key of the keyspace, which need not be a thing.
  @discardableResult
  func putRaw(_ id: String, _ text: String) async throws -> Revision {
    try await backend.base.put(PutRequest(key: things.storeKey(for: id), value: Array(text.utf8))).header.revision
  }

  func delete(_ id: String) async throws -> Revision { try await store.commit(things.delete(id)).revision }

  /// What is stored under a key, past Holdfast.
  func raw(_ id: String) async throws -> KeyValue? {
    try await backend.base.range(RangeRequest(.key(things.storeKey(for: id)))).keyValues.first
  }

  /// The keys of the keyspace, past Holdfast.
  func keys() async throws -> [String] {
    try await backend.base.range(RangeRequest(things.range)).keyValues.map { "\(things.relativeName($0.key))" }
  }
}

extension Keyspace {
  func relativeName(_ key: Key) -> Key { key.dropping(prefix: prefix) ?? key }
}
