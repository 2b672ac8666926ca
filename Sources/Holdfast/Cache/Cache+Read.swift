/// Reads from memory. All are synchronous, take no part in any I/O, and throw `notStarted`, `notLoaded` or `stopped` when there
/// is nothing to read. Keys and prefixes are relative to the keyspace.
extension Cache {
  /// The value of a key, nil when there is none.
  ///
  /// - Throws: ``HoldfastError`` with code `decodingFailed` for a key whose bytes are no value (G9); `invalidArgument` for one that
  ///   the cache leaves out (``CacheConfiguration/keyFilter``).
  public func get(_ key: some KeyRepresentable) throws -> Stored<Value>? { try get(key.key) }

  /// The same for who has a ``Key`` already, and would pay for it to be counted once more.
  public func get(_ key: Key) throws -> Stored<Value>? {
    switch try index.find(key) {
    case .nothing:
      try decoder.checkHeld(key)
      return nil
    case .value(let value): return Stored(value)
    case .other(let record): return try decoder.value(of: record)
    }
  }

  /// The values of several keys, read in one step: no transaction is seen in part.
  ///
  /// - Throws: ``HoldfastError`` with code `invalidArgument` for a key that the cache leaves out
  ///   (``CacheConfiguration/keyFilter``).
  public func get(_ keys: [some KeyRepresentable]) throws -> Lookup<Value> {
    let keys = keys.map(\.key)
    for key in keys { try decoder.checkHeld(key) }
    let (held, revision) = try index.records(keys.map { keyspace.storeKey(for: $0) })
    return decoder.lookup(keys, held, revision: revision)
  }

  /// The values below a prefix in key order, read in one step. `mail` and `mail/` are the same prefix and do not cover
  /// `mail2/`. Undecodable values are left out and told in ``Listing/quarantined``.
  public func list(prefix: some KeyRepresentable = Key(bytes: [])) throws -> Listing<Value> {
    try list(keyspace.range(ofPrefix: prefix))
  }

  /// The values between two keys, the second excluded, in key order, read in one step.
  public func list(from start: some KeyRepresentable, to end: some KeyRepresentable) throws -> Listing<Value> {
    try list(keyspace.range(from: start.key, to: end.key))
  }

  /// The values from a key on, in key order, read in one step.
  public func list(from start: some KeyRepresentable) throws -> Listing<Value> {
    try list(keyspace.range(from: start.key, to: nil))
  }

  /// Whether the key exists, decodable or not.
  ///
  /// - Throws: ``HoldfastError`` with code `invalidArgument` for a key that the cache leaves out
  ///   (``CacheConfiguration/keyFilter``).
  public func exists(_ key: some KeyRepresentable) throws -> Bool {
    if try index.contains(key.key) { return true }
    try decoder.checkHeld(key.key)
    return false
  }

  /// How many keys there are below a prefix, undecodable ones included.
  public func count(prefix: some KeyRepresentable = Key(bytes: [])) throws -> Int {
    try index.count(below: prefix.key)
  }

  /// How much the cache holds.
  public var size: CacheSize {
    get throws { try index.size() }
  }

  private func list(_ range: KeyRange) throws -> Listing<Value> {
    let (values, revision) = try index.values(in: range)
    return decoder.listing(values, revision: revision)
  }
}
