/// A value as the store holds it: with its key, its version and the revisions that order its changes.
///
/// It is one reference to hold and copy. `value` can be set to hand a changed copy to an update; everything else is what the
/// store said.
public struct Stored<Value: Sendable>: Sendable {
  /// `@unchecked Sendable` as its superclass: all that it adds is constant and `Sendable`.
  final class Storage: DecodingOutcome, @unchecked Sendable {
    let value: Value
    let meta: Meta

    init(value: Value, meta: Meta) {
      self.value = value
      self.meta = meta
    }
  }

  /// All but the value.
  struct Meta: Sendable {
    var key: Key
    var storeKey: Key
    var version: Int64 = 0
    var createRevision: Revision = .zero
    var modRevision: Revision = .zero
    var lease: LeaseID?
    var leaseTTL: Duration?
    var isMisplaced = false
    var previous: (@Sendable () throws -> Stored<Value>?)?
  }

  private(set) var storage: Storage

  init(_ storage: Storage) { self.storage = storage }

  init(value: Value, meta: Meta) { storage = Storage(value: value, meta: meta) }

  var meta: Meta { storage.meta }

  /// The value. Setting it changes this copy only; hand that to `update` to change the store.
  public var value: Value {
    get { storage.value }
    set { storage = Storage(value: newValue, meta: storage.meta) }
  }

  /// The key relative to its keyspace: what the keyspace's and the cache's functions take.
  public var key: Key { storage.meta.key }
  /// The whole key in the store.
  public var storeKey: Key { storage.meta.storeKey }
  /// How often the key was written since it was created; 1 after its creation, 0 for a value never stored.
  public var version: Int64 { storage.meta.version }
  /// The revision at which the key was created; zero for a value never stored.
  public var createRevision: Revision { storage.meta.createRevision }
  /// The revision of this value: what updates and deletes by value compare. Zero for a value never stored.
  public var modRevision: Revision { storage.meta.modRevision }
  /// The lease the key is attached to.
  public var lease: LeaseID? { storage.meta.lease }
  /// For the result of a write with a time to live: what the store granted, which may be more than was asked for.
  public var leaseTTL: Duration? { storage.meta.leaseTTL }
  /// Whether the keyspace's key function gives this value another key than the one it is stored under. Somebody else wrote
  /// it so; it is served under its real key, and updates and deletes use that one.
  public var isMisplaced: Bool { storage.meta.isMisplaced }

  /// For the result of a write that asked for it (`returningPrevious()`): what the key held before, nil when nothing.
  ///
  /// - Throws: ``HoldfastError`` with code `decodingFailed` when the old bytes are no value; the write itself is done.
  public func previous() throws -> Stored<Value>? { try storage.meta.previous?() }
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
