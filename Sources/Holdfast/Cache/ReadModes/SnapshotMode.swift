/// How new a snapshot has to be.
public struct SnapshotMode: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    case includingMyWrites
    case atLeast(RevisionToken)
    case at(Revision)
    case linearizable
    case maxStaleness(Duration)
  }

  let kind: Kind

  /// Everything that this process's store had acknowledged in the keyspace when it was asked for.
  public static let includingMyWrites = SnapshotMode(kind: .includingMyWrites)

  /// The state at this revision or a later one (G4): that of another process's write, say. A revision that the store has not
  /// reached is the error `futureRevision`, at once.
  public static func atLeast(_ revision: Revision) -> SnapshotMode {
    SnapshotMode(kind: .atLeast(RevisionToken(revision: revision)))
  }

  /// As with the revision, and it must be one of the same cluster.
  public static func atLeast(_ token: RevisionToken) -> SnapshotMode { SnapshotMode(kind: .atLeast(token)) }

  /// The state at exactly this revision, as ``Cache/snapshot(at:)``; waits for nothing.
  public static func at(_ revision: Revision) -> SnapshotMode { SnapshotMode(kind: .at(revision)) }

  /// Everything that anybody had written, and had had acknowledged, when it was asked for (G5). A quorum read, which callers
  /// share, tells how far the store is; then memory answers as soon as it is as far. After `linearizableWait` the store itself
  /// is read, and the snapshot's ``CacheSnapshot/freshness`` says so.
  public static let linearizable = SnapshotMode(kind: .linearizable)

  /// Everything that was written longer ago than this (G6). If memory is not known to be as new, it asks the store; if that does
  /// not help in time, the error is `stale` and tells the age.
  public static func maxStaleness(_ duration: Duration) -> SnapshotMode { SnapshotMode(kind: .maxStaleness(duration)) }
}

/// Where a snapshot was read, and how new it was known to be.
public struct Freshness: Hashable, Sendable {
  public enum Source: Sendable {
    case memory
    /// Read from the store, because memory was not new enough in time.
    case store
  }

  public let source: Source
  /// How long before the snapshot was taken a quorum read was sent that confirms it: everything acknowledged before that is in
  /// it. nil when no quorum read confirms it. Measured on a clock that goes on while the machine is suspended.
  public let age: Duration?
}

/// What a snapshot must be to answer a read.
enum ReadGoal {
  case any
  /// As new as a revision that was learned in an epoch.
  case revision(Revision, epoch: Int)
  case age(Duration)

  func isMet(by machine: CacheMachine, age: Duration?) -> Bool {
    switch self {
    case .any: true
    case .revision(let revision, let epoch): machine.covers(revision, epoch: epoch)
    case .age(let bound): age.map { $0 <= bound } ?? false
    }
  }
}
