/// A value as the store holds it: with its key, its version and the revisions that order its changes.
///
/// It is one reference to hold and copy. `value` can be set to hand a changed copy to an update; everything else is what the
/// store said.
public struct Stored<Value: Sendable>: Sendable {
  private(set) var entry: StoredEntry<Value>

  init(_ entry: StoredEntry<Value>) { self.entry = entry }

  /// The value. Setting it changes this copy only; hand that to `update` to change the store.
  public var value: Value {
    get { entry.value }
    set { entry = StoredEntry(newValue, entry.keyValue, entry.details) }
  }

  /// The key relative to its keyspace: what the keyspace's and the cache's functions take.
  public var key: Key { entry.details.key(of: entry.keyValue.key) }
  /// The whole key in the store.
  public var storeKey: Key { entry.keyValue.key }
  /// How often the key was written since it was created; 1 after its creation, 0 for a value never stored.
  public var version: Int64 { entry.keyValue.version }
  /// The revision at which the key was created; zero for a value never stored.
  public var createRevision: Revision { entry.keyValue.createRevision }
  /// The revision of this value: what updates and deletes by value compare. Zero for a value never stored.
  public var modRevision: Revision { entry.keyValue.modRevision }
  /// The lease the key is attached to.
  public var lease: LeaseID? { entry.keyValue.lease }
  /// For the result of a write with a time to live: what the store granted, which may be more than was asked for.
  public var leaseTTL: Duration? { entry.details.result?.leaseTTL }
  /// Whether the keyspace's key function gives this value another key than the one it is stored under. Somebody else wrote
  /// it so; it is served under its real key, and updates and deletes use that one.
  public var isMisplaced: Bool { entry.details.isMisplaced }

  /// For the result of a write that asked for it (`returningPrevious()`): what the key held before, nil when nothing.
  ///
  /// - Throws: ``HoldfastError`` with code `decodingFailed` when the old bytes are no value; the write itself is done.
  public func previous() throws -> Stored<Value>? { try entry.details.result?.previous?() }
}

extension Stored: Equatable where Value: Equatable {
  /// Whether both are the same value at the same revision under the same key.
  public static func == (lhs: Stored, rhs: Stored) -> Bool {
    lhs.storeKey == rhs.storeKey && lhs.modRevision == rhs.modRevision && lhs.version == rhs.version
      && lhs.createRevision == rhs.createRevision && lhs.lease == rhs.lease && lhs.value == rhs.value
  }
}

extension Stored: CustomStringConvertible {
  /// The key and its revisions; never the value, which may be a secret.
  public var description: String { "\(storeKey) (version \(version), revision \(modRevision))" }
}
