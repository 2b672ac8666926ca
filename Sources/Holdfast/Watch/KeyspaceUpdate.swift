/// What a watch of a keyspace tells in one step: whole revisions, so a transaction is in it whole or not at all.
public struct KeyspaceUpdate<Value: Sendable>: Sendable {
  public enum Kind: Sendable {
    /// What was there when the watch began: always the first update, also when nothing was there. From a cache, not when it
    /// resumes.
    case initial
    /// What changed since, in the order of revisions.
    case changes
    /// The history between was compacted away, or undone by a restore, or dropped because the consumer of a cache's changes was
    /// too slow: the net difference to what was told before, in key order. A key that was
    /// created and deleted in the gap is not in it.
    case resync
  }

  public let kind: Kind
  /// After this update, what was told is the range's state at this revision.
  public let revision: Revision
  public let changes: [KeyspaceChange<Value>]
  /// For a resync: whether the store was found to have been restored to an earlier state. The revision may be lower than
  /// before then, and revisions of before mean nothing any more.
  public let beginsEpoch: Bool

  init(kind: Kind, revision: Revision, changes: [KeyspaceChange<Value>], beginsEpoch: Bool = false) {
    (self.kind, self.revision, self.changes, self.beginsEpoch) = (kind, revision, changes, beginsEpoch)
  }
}

/// One key's change.
public struct KeyspaceChange<Value: Sendable>: Sendable {
  public enum Kind: Sendable {
    /// It was there when the watch began.
    case existing
    case created
    case modified
    /// It was deleted and created again in the gap before a `.resync`, or among changes that were made one.
    case replaced
    case deleted
  }

  public let kind: Kind
  /// The key relative to the keyspace.
  public let key: Key
  /// The revision of the change; for a delete in a resync the list's revision, which is an upper bound.
  public let revision: Revision
  /// The value; nil for a delete, and for what does not decode.
  public let stored: Stored<Value>?
  /// Why the new value does not decode (G9). The watch goes on.
  public let error: HoldfastError?
  /// What the key held before: from a cache always, from the store where the watch asked for it and the store still had it. Nil
  /// otherwise, and when the old bytes were no value.
  public let previous: Stored<Value>?
}
