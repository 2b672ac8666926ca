/// Operations that delete. Deleting nothing is no error and makes no new revision.
extension Keyspace {
  /// Deletes a key, whatever it holds, and returns how many keys were deleted: 0 or 1.
  public func delete(_ key: some KeyRepresentable) -> StoreOperation<Int> {
    delete(.key(storeKey(for: key)), guards: [])
  }

  /// Deletes a stored value if nobody changed its key since, and returns 1; otherwise `revisionMismatch`, with what it holds
  /// in `error.current(in:)`.
  public func delete(_ stored: Stored<Value>) -> StoreOperation<Int> {
    delete(
      .key(stored.storeKey), guards: [Guard(Compare(key: stored.storeKey, .modRevision(stored.modRevision)), .revision)]
    )
  }

  /// Deletes everything below a prefix, relative to the keyspace, and returns how many keys were deleted. `mail` and `mail/`
  /// are the same prefix and do not cover `mail2/`; the empty prefix is the whole keyspace.
  public func delete(prefix: some KeyRepresentable) -> StoreOperation<Int> {
    delete(range(ofPrefix: prefix), guards: [])
  }

  private func delete(_ range: KeyRange, guards: [Guard]) -> StoreOperation<Int> {
    StoreOperation { _ in
      Prepared("delete", guards: guards, requests: [.deleteRange(DeleteRangeRequest(range))]) {
        Int(clamping: try $0.deleteRange().deleted)
      }
    }
  }

  /// Deletes a key and returns what it held, as a listing of none or one.
  public func deleteReturningPrevious(_ key: some KeyRepresentable) -> StoreOperation<Listing<Value>> {
    deleteReturningPrevious(.key(storeKey(for: key)))
  }

  /// Deletes everything below a prefix and returns what was there. Undecodable values are deleted too and told.
  public func deleteReturningPrevious(prefix: some KeyRepresentable) -> StoreOperation<Listing<Value>> {
    deleteReturningPrevious(range(ofPrefix: prefix))
  }

  private func deleteReturningPrevious(_ range: KeyRange) -> StoreOperation<Listing<Value>> {
    StoreOperation { _ in
      Prepared("delete", requests: [.deleteRange(DeleteRangeRequest(range, previous: true))]) { answer in
        let response = try answer.deleteRange()
        let (values, quarantined) = decodeAll(response.previous)
        return Listing(
          values: values, revision: answer.header.revision, quarantined: quarantined, more: false,
          total: Int(clamping: response.deleted))
      }
    }
  }
}
