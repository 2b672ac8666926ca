public import Holdfast

/// Something to be done, by exactly one worker.
public struct Job: Codable, Hashable, Sendable {
  public var id: String
  /// The worker that has claimed it; nil while it waits.
  public var owner: String?
  public var payload: String
}

/// Says that a job was done. Each attempt to finish has a key of its own, so that a job done twice would leave two records.
public struct AuditRecord: Codable, Hashable, Sendable {
  public var job: String
  public var attempt: String
  public var worker: String
}

/// Says that a worker is alive: attached to a lease that the worker keeps alive, gone soon after it stops.
public struct Presence: Codable, Hashable, Sendable {
  public var worker: String
}

/// Where a queue keeps what it knows: three keyspaces below one prefix.
public struct WorkQueue: Sendable {
  public let root: Key
  public let jobs: Keyspace<Job>
  public let audit: Keyspace<AuditRecord>
  public let workers: Keyspace<Presence>

  public init(root: Key) {
    self.root = root.asFolder
    jobs = Keyspace(prefix: self.root.appending("jobs/")) { $0.id }
    audit = Keyspace(prefix: self.root.appending("audit/")) { "\($0.job)/\($0.attempt)" }
    workers = Keyspace(prefix: self.root.appending("workers/")) { $0.worker }
  }
}
