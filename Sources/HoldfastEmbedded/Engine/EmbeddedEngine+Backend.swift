public import HoldfastCore

extension EmbeddedEngine {
  /// Throws `invalidArgument` for the empty key, `compacted` and `futureRevision`.
  public func range(_ request: RangeRequest) async throws(HoldfastError) -> RangeResponse {
    try await read { try $0.range(request) }
  }

  /// Throws `invalidArgument`, `leaseNotFound`, `keyNotFound` (the options need the key) and `requestTooLarge`; all `refused`.
  public func put(_ request: PutRequest) async throws(HoldfastError) -> PutResponse {
    try await change { try $0.store.put(request) }
  }

  /// Throws `invalidArgument` for the empty key; `refused`.
  public func deleteRange(_ request: DeleteRangeRequest) async throws(HoldfastError) -> DeleteRangeResponse {
    try await change { try $0.store.deleteRange(request) }
  }

  /// Compares of nested transactions see the state before the outer one, as in etcd.
  ///
  /// Throws `tooManyOperations`, `duplicateKey`, `requestTooLarge`, `invalidArgument`, and of the branch taken `keyNotFound`,
  /// `leaseNotFound`, `compacted` and `futureRevision`; `refused` unless the transaction can only read.
  public func transact(_ request: TransactionRequest) async throws(HoldfastError) -> TransactionResponse {
    try await change { try $0.store.transact(request) }
  }

  /// Throws `compacted` at or below an earlier compaction, `futureRevision` beyond the store's revision.
  public func compact(_ request: CompactRequest) async throws(HoldfastError) -> ResponseHeader {
    try await change { state in
      for id in state.watches.keys {
        guard var cursor = state.watches[id], request.revision <= state.store.revision else { continue }
        state.store.skipUnwanted(&cursor, before: request.revision)
        state.watches[id] = cursor
      }
      return try state.store.compact(request)
    }
  }

  /// The changes of a range; see ``WatchUpdates``. A consumer that has seen everything gets a `progress` (in order)
  /// whenever the store has moved on without it. `invalidArgument` for a range that cannot hold a key.
  public func watch(_ request: WatchRequest) -> WatchUpdates {
    WatchUpdates { EmbeddedWatch(request, of: self) }
  }

  /// The engine's version is `embedded`; its size is that of the keys and values of all versions kept, in bytes, with an
  /// allowance for each version.
  public func status() async throws(HoldfastError) -> BackendStatus {
    try await read { store in
      BackendStatus(
        header: store.header, version: "embedded", databaseSize: store.size, databaseSizeInUse: store.size,
        leader: store.header.memberID)
    }
  }
}
