public import Holdfast

/// How large the demonstration is.
public struct WorkQueueOptions: Sendable {
  /// Stop producing after so many jobs; nil for as many as the time allows.
  public var jobs: Int?
  public var producers = 2
  public var workers = 4
  /// How long jobs are produced. Afterwards the rest is worked off.
  public var duration: Duration = .seconds(10)
  /// The longest that working off the rest may take, before what is left counts as lost.
  public var drainTimeout: Duration = .seconds(60)
  /// How often each worker polls while there is nothing to do.
  public var pollInterval: Duration = .milliseconds(2)
  /// How long a job takes.
  public var workTime: Duration = .milliseconds(1)
  /// A worker is cut off about this often.
  public var cutInterval: Duration = .seconds(2)
  /// How long a worker that is cut off counts as alive. etcd grants no less than 1.5 election timeouts.
  public var presenceTTL: Duration = .seconds(2)
  /// Producers wait while more jobs than this are in the queue.
  public var backlog = 50
  /// Below which key the queue is made. Nothing may be there.
  public var root: Key

  public init(root: Key) { self.root = root }
}

/// What the demonstration has shown.
public struct WorkQueueReport: Codable, Sendable {
  public var seconds: Double
  public var jobsCreated: Int
  public var jobsDone: Int
  /// Both must be 0.
  public var jobsLost: Int
  public var jobsDoneTwice: Int
  public var workers: Int
  public var workersCutOff: Int
  public var claimsTakenOver: Int
  /// Claims or finishes that lost against another worker.
  public var conflicts: Int
  /// Requests that failed and were survived.
  public var errorsSurvived: Int
  public var memoryReads: Int
  public var memoryReadMedianMicroseconds: Double?
  /// Requests of workers, producers and the auditor that went to the store.
  public var storeRequests: Int
  /// The same reads done directly against the store during the same run.
  public var directReads: Int
  public var directReadMedianMicroseconds: Double?

  /// Whether every job was done exactly once.
  public var isCorrect: Bool { jobsLost == 0 && jobsDoneTwice == 0 && jobsDone == jobsCreated }
}

/// How far it is.
public struct WorkQueueProgress: Sendable {
  public var elapsed: Duration
  public var created: Int
  public var done: Int
  public var cutOffs: Int
}
