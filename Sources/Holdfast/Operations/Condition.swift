/// What must hold in the store for an operation or a transaction to happen. Keys are whole keys of the store:
/// `.exists(jobs.storeKey(for: "mail/42"))`.
///
/// When one does not hold nothing is written, and `constraintViolated` is thrown with the key and what it holds.
public struct Condition: Hashable, Sendable {
  /// The compare that the store evaluates.
  public var compare: Compare

  /// Any compare that the store knows.
  public init(_ compare: Compare) { self.compare = compare }

  /// The key exists.
  public static func exists(_ key: Key) -> Condition {
    Condition(Compare(key: key, .createRevision(.zero), .greater))
  }

  /// The key does not exist.
  public static func missing(_ key: Key) -> Condition {
    Condition(Compare(key: key, .createRevision(.zero)))
  }

  /// The key was last changed at this revision: it holds exactly what it held then.
  public static func unchanged(_ key: Key, since revision: Revision) -> Condition {
    Condition(Compare(key: key, .modRevision(revision)))
  }

  /// The stored value is still the one in the store.
  public static func unchanged<Value>(_ stored: Stored<Value>) -> Condition {
    unchanged(stored.storeKey, since: stored.modRevision)
  }

  /// No key of the range was changed after this revision. Deletes cannot be seen so: a key that is gone has no revision.
  public static func noneModified(in range: KeyRange, after revision: Revision) -> Condition {
    Condition(Compare(range, .modRevision(revision.next), .less))
  }

  /// No key of the range exists.
  public static func noneExists(in range: KeyRange) -> Condition {
    Condition(Compare(range, .createRevision(.zero)))
  }

  /// The key is attached to this lease.
  public static func held(_ key: Key, by lease: LeaseID) -> Condition {
    Condition(Compare(key: key, .lease(lease)))
  }
}
