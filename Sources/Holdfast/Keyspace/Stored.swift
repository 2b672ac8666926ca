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

  /// All but the value. Caches hold many of them: what can be computed is not held, what is rare is elsewhere.
  struct Meta: Sendable {
    var storeKey: Key
    var version: Int64 = 0
    var createRevision: Revision = .zero
    var modRevision: Revision = .zero
    var lease: LeaseID?
    var isMisplaced = false
    /// How much of the whole key is the keyspace's prefix.
    var prefixLength: UInt32 = 0
    var written: Written?

    var key: Key { prefixLength == 0 ? storeKey : Key(bytes: storeKey.bytes.dropFirst(Int(prefixLength))) }
  }

  /// What only results of writes have.
  final class Written: Sendable {
    let leaseTTL: Duration?
    let previous: (@Sendable () throws -> Stored<Value>?)?

    init(leaseTTL: Duration?, previous: (@Sendable () throws -> Stored<Value>?)?) {
      (self.leaseTTL, self.previous) = (leaseTTL, previous)
    }
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
  /// Whether its key is this one, relative to the keyspace.
  func hasKey(_ key: Key) -> Bool {
    storeKey.bytes.dropFirst(Int(storage.meta.prefixLength)).elementsEqual(key.bytes)
  }

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
  public var leaseTTL: Duration? { storage.meta.written?.leaseTTL }
  /// Whether the keyspace's key function gives this value another key than the one it is stored under. Somebody else wrote
  /// it so; it is served under its real key, and updates and deletes use that one.
  public var isMisplaced: Bool { storage.meta.isMisplaced }

  /// For the result of a write that asked for it (`returningPrevious()`): what the key held before, nil when nothing.
  ///
  /// - Throws: ``HoldfastError`` with code `decodingFailed` when the old bytes are no value; the write itself is done.
  public func previous() throws -> Stored<Value>? { try storage.meta.written?.previous?() }
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
