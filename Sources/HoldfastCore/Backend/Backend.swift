/// A store that speaks etcd's language: an etcd cluster, the embedded engine, or a simulated one.
///
/// Every requirement throws ``HoldfastError``. A write that failed carries an ``HoldfastError/outcome``: `refused`, `applied`
/// or `unknown`; nil means that it is no write. All of etcd's rules hold: one revision for each transaction that changes
/// something, reads linearizable unless `serializable` is asked for.
public protocol Backend: Sendable {
  /// What the store accepts in one request.
  var limits: BackendLimits { get }

  func range(_ request: RangeRequest) async throws(HoldfastError) -> RangeResponse
  func put(_ request: PutRequest) async throws(HoldfastError) -> PutResponse
  func deleteRange(_ request: DeleteRangeRequest) async throws(HoldfastError) -> DeleteRangeResponse
  func transact(_ request: TransactionRequest) async throws(HoldfastError) -> TransactionResponse

  /// Forgets everything that was overwritten or deleted at or before `revision`. `compacted` when that was done before,
  /// `futureRevision` when it is beyond the store's.
  func compact(_ request: CompactRequest) async throws(HoldfastError) -> ResponseHeader

  /// The changes of a range. Does nothing until it is iterated.
  func watch(_ request: WatchRequest) -> WatchUpdates

  /// Grants a lease of at least `ttl`, rounded up to whole seconds. Give an `id` to be able to try again safely
  /// (`leaseExists` then means that it was granted); nil lets the store choose.
  func grantLease(id: LeaseID?, ttl: Duration) async throws(HoldfastError) -> Lease
  /// Ends a lease and deletes its keys, at one revision. `leaseNotFound` when there is none.
  func revokeLease(_ id: LeaseID) async throws(HoldfastError) -> ResponseHeader
  /// Renews a lease once; `leaseNotFound` when it has expired.
  func keepLeaseAlive(_ id: LeaseID) async throws(HoldfastError) -> Lease
  /// As ``keepLeaseAlive(_:)``, for a caller to whom an answer after so long is of no use: a store of several members leaves one
  /// that is silent while there is time to ask another. By default the limit is not looked at.
  func keepLeaseAlive(_ id: LeaseID, within limit: Duration) async throws(HoldfastError) -> Lease
  /// What is left of a lease; a lease that does not exist is an answer (`remaining` nil), not an error.
  func timeToLive(of id: LeaseID, keys: Bool) async throws(HoldfastError) -> LeaseTimeToLive
  /// The leases of the store, ordered by id.
  func leases() async throws(HoldfastError) -> [LeaseID]

  /// The state of the member that answers.
  func status() async throws(HoldfastError) -> BackendStatus

  /// Does the store's background work until the task is cancelled, then releases what the store holds (connections,
  /// timers). Whoever makes a backend runs it; `withStore` runs those that it makes.
  func run() async
}

/// What a store accepts in one request.
public struct BackendLimits: Hashable, Sendable {
  /// The most operations of one transaction: of compares, success and failure branch, the longest counts. etcd's default
  /// is 128.
  public var transactionOperations: Int
  /// The most bytes of one request; etcd's default is 1.5 MiB.
  public var requestBytes: Int

  public init(transactionOperations: Int = 128, requestBytes: Int = 1_572_864) {
    self.transactionOperations = transactionOperations
    self.requestBytes = requestBytes
  }
}

/// The state of a store, or of one member of a cluster.
public struct BackendStatus: Hashable, Sendable {
  public var header: ResponseHeader
  /// The server's version, such as `3.5.1`; `embedded` for the engine.
  public var version: String
  /// Bytes on disk (or in memory), allocated and in use.
  public var databaseSize: Int64
  public var databaseSizeInUse: Int64
  /// The member that leads, 0 when there is none.
  public var leader: UInt64
  public var isLearner: Bool
  /// What the member complains about: alarms, a missing leader.
  public var errors: [String]

  public init(
    header: ResponseHeader, version: String, databaseSize: Int64 = 0, databaseSizeInUse: Int64 = 0, leader: UInt64 = 0,
    isLearner: Bool = false, errors: [String] = []
  ) {
    self.header = header
    self.version = version
    self.databaseSize = databaseSize
    self.databaseSizeInUse = databaseSizeInUse
    self.leader = leader
    self.isLearner = isLearner
    self.errors = errors
  }
}

/// Asks the store to forget.
public struct CompactRequest: Hashable, Sendable {
  public var revision: Revision
  /// Return only when the space has been freed.
  public var physical: Bool

  public init(_ revision: Revision, physical: Bool = false) {
    self.revision = revision
    self.physical = physical
  }
}

extension Backend {
  public func keepLeaseAlive(_ id: LeaseID, within limit: Duration) async throws(HoldfastError) -> Lease {
    try await keepLeaseAlive(id)
  }
}
