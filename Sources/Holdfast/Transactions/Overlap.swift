extension [StoreRequest] {
  /// Refuses two puts of one key, and a put under what the same transaction deletes: the store would refuse them too, but
  /// without saying which.
  func checkOverlap() throws {
    var puts: Set<Key> = []
    for case .put(let put) in self where !puts.insert(put.key).inserted {
      throw HoldfastError(
        .duplicateKey, "two operations of the transaction write the same key", key: put.key, outcome: .refused)
    }
    for case .deleteRange(let delete) in self {
      if let put = puts.sorted().first(where: delete.range.contains) {
        throw HoldfastError(
          .duplicateKey, "the transaction writes a key and deletes it too (\(delete.range))", key: put,
          outcome: .refused)
      }
    }
  }
}
