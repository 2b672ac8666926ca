/// A keyspace exactly as it was at one revision (G3): a transaction is in it whole or not at all, and it never changes.
///
/// It is cheap to take and to copy, and holds what it shows for as long as it is kept. Keys and prefixes are relative to the
/// keyspace.
public struct CacheSnapshot<Value: Sendable>: Sendable {
  public var keyspace: Keyspace<Value> { decoder.keyspace }
  /// The revision whose state this is.
  public let revision: Revision
  /// Where it was read, and how new it was known to be when it was taken.
  public let freshness: Freshness
  /// Whose revision it is.
  let store: Store
  let decoder: CacheDecoder<Value>
  let records: RecordMap

  init(
    store: Store, decoder: CacheDecoder<Value>, revision: Revision,
    freshness: Freshness = Freshness(source: .memory, age: nil),
    records: RecordMap
  ) {
    self.store = store
    self.decoder = decoder
    self.revision = revision
    self.freshness = freshness
    self.records = records
  }

  /// The value of a key, nil when there is none.
  ///
  /// - Throws: ``HoldfastError`` with code `decodingFailed` for a key whose bytes are no value (G9); `invalidArgument` for one that
  ///   exists, but that the cache leaves out (``CacheConfiguration/keyFilter``).
  public func get(_ key: some KeyRepresentable) throws -> Stored<Value>? {
    try records[keyspace.storeKey(for: key)].map(decoder.value)
  }

  /// The values of several keys. Those that exist, but that the cache leaves out, are told in ``Lookup/quarantined``, with
  /// `invalidArgument`.
  public func get(_ keys: [some KeyRepresentable]) -> Lookup<Value> {
    let keys = keys.map(\.key)
    return decoder.lookup(keys, keys.map { records[keyspace.storeKey(for: $0)] }, revision: revision)
  }

  /// The values below a prefix in key order. Undecodable ones are left out and told in ``Listing/quarantined``.
  public func list(prefix: some KeyRepresentable = Key(bytes: [])) -> Listing<Value> {
    list(keyspace.range(ofPrefix: prefix))
  }

  /// The values between two keys, the second excluded, in key order.
  public func list(from start: some KeyRepresentable, to end: some KeyRepresentable) -> Listing<Value> {
    list(keyspace.range(from: start.key, to: end.key))
  }

  /// The values from a key on, in key order.
  public func list(from start: some KeyRepresentable) -> Listing<Value> {
    list(keyspace.range(from: start.key, to: nil))
  }

  /// Whether the key exists, decodable or not, left out or not.
  public func exists(_ key: some KeyRepresentable) -> Bool { records[keyspace.storeKey(for: key)] != nil }

  /// How many keys there are below a prefix, undecodable ones included.
  public func count(prefix: some KeyRepresentable = Key(bytes: [])) -> Int {
    let range = keyspace.range(ofPrefix: prefix)
    return decoder.isFiltering ? records.values(in: range).count : records.count(in: range)
  }

  private func list(_ range: KeyRange) -> Listing<Value> {
    decoder.listing(records.values(in: range), revision: revision)
  }
}

extension Cache {
  /// The keyspace as it was at the newest revision that the watch has delivered whole, or that was proven to be the same. A
  /// local read may show something newer: writes of this process that the watch has not brought yet;
  /// ``snapshot(_:timeout:)`` waits for them.
  ///
  /// - Throws: ``HoldfastError`` with code `notStarted`, `notLoaded` or `stopped`.
  public func snapshot() throws -> CacheSnapshot<Value> {
    if let snapshot = currentSnapshot() { return snapshot }
    // Says why when there is nothing to read.
    _ = try index.size()
    throw HoldfastError(.notLoaded, "the cache has not loaded yet", cause: health.cause)
  }
}
