/// Writes, forwarded to the store: when they return, this cache and every other one of the store shows them (G2). For options
/// (time to live, conditions) and transactions use the keyspace's operations with the store; the cache is written through all
/// the same. They throw what the operation of the same name says, with the write's outcome (G10).
extension Cache {
  /// Writes a value, whether its key exists or not.
  @discardableResult
  public func put(_ value: Value) async throws -> Stored<Value> {
    try await store.execute(keyspace.put(value))
  }

  /// Writes a value whose key must not exist.
  @discardableResult
  public func create(_ value: Value) async throws -> Stored<Value> {
    try await store.execute(keyspace.create(value))
  }

  /// Replaces a stored value if nobody changed its key since.
  @discardableResult
  public func update(_ stored: Stored<Value>) async throws -> Stored<Value> {
    try await store.execute(keyspace.update(stored))
  }

  /// Changes a stored value if nobody changed its key since.
  @discardableResult
  public func update(
    _ stored: Stored<Value>, _ change: @escaping @Sendable (inout Value) throws -> Void
  ) async throws -> Stored<Value> {
    try await store.execute(keyspace.update(stored, change))
  }

  /// Deletes a key and returns how many were deleted: 0 or 1.
  @discardableResult
  public func delete(_ key: some KeyRepresentable) async throws -> Int {
    try await store.execute(keyspace.delete(key))
  }

  /// Deletes a stored value if nobody changed its key since.
  @discardableResult
  public func delete(_ stored: Stored<Value>) async throws -> Int {
    try await store.execute(keyspace.delete(stored))
  }

  /// Deletes everything below a prefix and returns how many keys were deleted.
  @discardableResult
  public func delete(prefix: some KeyRepresentable) async throws -> Int {
    try await store.execute(keyspace.delete(prefix: prefix))
  }
}
