import Holdfast

/// The lines between `txn` and `commit`, as one transaction.
struct ShellTransaction {
  private var transaction = Transaction()
  private var answers: [@Sendable (Transaction.Results) -> JSONValue] = []
  /// A line was refused. Without it the rest is not what its writer meant, so none of it is executed.
  var hasWrongLine = false

  /// No store takes so many; it bounds what a runaway script can pile up here.
  private static let maximum = 10_000

  /// Adds a line.
  ///
  /// - Throws: ``HoldfastError`` with code `invalidArgument` for a line that cannot be part of a transaction.
  mutating func add(_ line: ShellLine, _ answer: ShellAnswers) throws {
    guard answers.count < Self.maximum else {
      throw HoldfastError(.tooManyOperations, "the transaction has \(Self.maximum) lines already", outcome: .refused)
    }
    let keyspace = answer.keyspace
    switch line {
    case .get(let key), .storeGet(let key): add(keyspace.get(key)) { answer.found(key, $0) }
    case .list(let prefix): add(keyspace.list(prefix: prefix)) { answer.listing(prefix, $0) }
    case .put, .create, .update:
      guard let write = keyspace.write(line) else { return }
      add(write, answer.written)
    case .delete(let key, let revision):
      add(try keyspace.delete(key, ifUnchangedSince: revision)) { answer.deleted($0, key: key) }
    case .deletePrefix(let prefix): add(keyspace.delete(prefix: prefix)) { answer.deleted($0, prefix: prefix) }
    default:
      throw HoldfastError(.invalidArgument, "a transaction takes reads and writes only; abort ends it")
    }
  }

  private mutating func add<R>(_ operation: StoreOperation<R>, _ answer: @escaping @Sendable (R) -> JSONValue) {
    let handle = transaction.add(operation)
    answers.append { results in
      do { return answer(try results[handle]) } catch { return JSONValue(HoldfastError(wrapping: error)) }
    }
  }

  /// Executes it; the answer has one result for each line.
  func commit(_ store: Store) async throws -> JSONValue {
    if hasWrongLine {
      throw HoldfastError(
        .invalidArgument, "a line of the transaction was wrong; nothing was written", outcome: .refused)
    }
    let results = try await store.execute(transaction)
    return [
      "ok": true, "revision": .integer(results.revision.rawValue), "results": .array(answers.map { $0(results) }),
    ]
  }
}

extension Keyspace<RawValue> {
  /// The operation of a line that writes a key.
  func write(_ line: ShellLine) -> StoreOperation<Stored<RawValue>>? {
    switch line {
    case .put(let key, let bytes): put(RawValue(key: key, bytes: bytes))
    case .create(let key, let bytes): create(RawValue(key: key, bytes: bytes))
    case .update(let key, let revision, let bytes): update(RawValue(key: key, bytes: bytes), ifRevision: revision)
    default: nil
    }
  }

  func delete(_ key: Key, ifUnchangedSince revision: Revision?) throws -> StoreOperation<Int> {
    try revision.map { try delete(key, ifRevision: $0) } ?? delete(key)
  }
}
