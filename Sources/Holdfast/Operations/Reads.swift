/// Operations that read from the store. Linearizable unless `serializable()` is asked for.
extension Keyspace {
  /// The value of a key, nil when there is none.
  ///
  /// Throws `decodingFailed` when the stored bytes are no value. Takes `at`, `serializable`.
  public func get(_ key: some KeyRepresentable) -> StoreOperation<Stored<Value>?> {
    let storeKey = storeKey(for: key)
    return StoreOperation { options in
      Prepared("get", accepts: OperationOptions.Name.read, requests: [.range(try options.range(.key(storeKey)))]) {
        try $0.range().keyValues.first.map(decode)
      }
    }
  }

  /// The values of several keys, all at one revision, and which of the keys do not exist.
  ///
  /// Alone it may take any number of keys: more than the store allows in one transaction are sent in several, pinned to the
  /// revision of the first. Undecodable values are told, not thrown. Takes `at`, `serializable`.
  public func get(_ keys: [some KeyRepresentable]) -> StoreOperation<Lookup<Value>> {
    let keys = keys.map(\.key)
    return StoreOperation { options in
      let requests = try keys.map { StoreRequest.range(try options.range(.key(storeKey(for: $0)))) }
      return Prepared("get", accepts: OperationOptions.Name.read, requests: requests, isSplittable: true) { answer in
        let held = try answer.ranges().map(\.keyValues.first)
        let (found, quarantined) = decodeAll(held.compactMap { $0 })
        let missing = zip(keys, held).filter { $0.1 == nil }.map(\.0)
        return Lookup(
          found: found, missing: missing, quarantined: quarantined,
          revision: options.revision ?? answer.header.revision)
      }
    }
  }

  /// The values below a prefix, relative to the keyspace; all of them by default. `mail` and `mail/` are the same prefix and
  /// do not cover `mail2/`. Takes `limit`, `sorted`, `at`, `serializable`.
  public func list(prefix: some KeyRepresentable = Key(bytes: [])) -> StoreOperation<Listing<Value>> {
    list(range(ofPrefix: prefix))
  }

  /// The values between two keys (the second excluded), relative to the keyspace; without a second to the end of the
  /// keyspace. Takes `limit`, `sorted`, `at`, `serializable`.
  public func list(from start: some KeyRepresentable, to end: (some KeyRepresentable)?) -> StoreOperation<
    Listing<Value>
  > {
    list(range(from: start.key, to: end?.key))
  }

  /// The values from a key on, to the end of the keyspace.
  public func list(from start: some KeyRepresentable) -> StoreOperation<Listing<Value>> {
    list(range(from: start.key, to: nil))
  }

  private func list(_ range: KeyRange) -> StoreOperation<Listing<Value>> {
    StoreOperation { options in
      Prepared("list", accepts: OperationOptions.Name.list, requests: [.range(try options.range(range))]) { answer in
        let response = try answer.range()
        let (values, quarantined) = decodeAll(response.keyValues)
        return Listing(
          values: values, revision: options.revision ?? answer.header.revision, quarantined: quarantined,
          more: response.more, total: Int(clamping: response.count))
      }
    }
  }

  /// Whether the key exists, decodable or not. Takes `at`, `serializable`.
  public func exists(_ key: some KeyRepresentable) -> StoreOperation<Bool> {
    count(.key(storeKey(for: key)), name: "exists") { $0 > 0 }
  }

  /// How many keys there are below a prefix, undecodable ones included. Takes `at`, `serializable`.
  public func count(prefix: some KeyRepresentable = Key(bytes: [])) -> StoreOperation<Int> {
    count(range(ofPrefix: prefix), name: "count") { Int(clamping: $0) }
  }

  private func count<R: Sendable>(
    _ range: KeyRange, name: String, _ convert: @escaping @Sendable (Int64) -> R
  ) -> StoreOperation<R> {
    StoreOperation { options in
      var request = try options.range(range)
      request.countOnly = true
      return Prepared(name, accepts: OperationOptions.Name.read, requests: [.range(request)]) {
        convert(try $0.range().count)
      }
    }
  }
}
