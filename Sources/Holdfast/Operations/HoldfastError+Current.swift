extension HoldfastError {
  /// For a refused create, update, delete by value or condition: what the key holds in the store instead, as a value of its
  /// keyspace, read in the same transaction that refused. Nil when the key does not exist, or belongs to another keyspace.
  ///
  /// - Throws: ``HoldfastError`` with code `decodingFailed` when it holds no value of that type.
  public func current<Value>(in keyspace: Keyspace<Value>) throws -> Stored<Value>? {
    guard let current, keyspace.range.contains(current.key) else { return nil }
    return try keyspace.decode(current)
  }
}
