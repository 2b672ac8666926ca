extension HoldfastError {
  /// What went wrong, as a name that stays the same across versions. New ones may be added: treat others as failure.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    /// The name, as the command-line tool prints it.
    public let name: String

    private init(_ name: String) { self.name = name }

    public var description: String { name }

    // What the caller asked for.

    /// An argument that can never work: an empty key, a prefix that overlaps, an option that contradicts another.
    public static let invalidArgument = Code("invalidArgument")
    /// More operations in one transaction than the server allows.
    public static let tooManyOperations = Code("tooManyOperations")
    /// Two writes of one transaction concern the same key.
    public static let duplicateKey = Code("duplicateKey")
    /// A request beyond the server's limit.
    public static let requestTooLarge = Code("requestTooLarge")

    // What the store's state answered.

    /// There is no such key, where there must be one.
    public static let keyNotFound = Code("keyNotFound")
    /// A create found the key taken.
    public static let alreadyExists = Code("alreadyExists")
    /// An update or a delete by value found the key changed, or gone.
    public static let revisionMismatch = Code("revisionMismatch")
    /// A condition of an operation or transaction did not hold.
    public static let constraintViolated = Code("constraintViolated")
    /// The revision asked for has been compacted away.
    public static let compacted = Code("compacted")
    /// The revision asked for is beyond the store's.
    public static let futureRevision = Code("futureRevision")
    /// There is no such lease (any more).
    public static let leaseNotFound = Code("leaseNotFound")
    /// The lease id is taken.
    public static let leaseExists = Code("leaseExists")
    /// A lease that was kept alive for a body is lost: it expired, was revoked, or could not be renewed in time.
    public static let leaseExpired = Code("leaseExpired")
    /// A lock, or the leadership of an election, is held by somebody else.
    public static let lockHeld = Code("lockHeld")
    /// A lock or a leadership is lost although its lease lives: its key was deleted.
    public static let lockLost = Code("lockLost")

    /// There is no such member in the cluster.
    public static let memberNotFound = Code("memberNotFound")
    /// A member with these peer URLs is in the cluster already.
    public static let memberExists = Code("memberExists")
    /// The learner has not caught up with the leader yet, so it cannot vote: try again later.
    public static let learnerNotReady = Code("learnerNotReady")

    /// What a cache holds is older than a read allows, and could not be confirmed in time (G6).
    public static let stale = Code("stale")

    // Values.

    /// The value could not be encoded.
    public static let encodingFailed = Code("encodingFailed")
    /// The stored bytes are not a value of the expected type (G9).
    public static let decodingFailed = Code("decodingFailed")
    /// The value's key function disagrees with the key it is stored under.
    public static let keyMismatch = Code("keyMismatch")

    // The way to the store.

    /// No endpoint answers.
    public static let unavailable = Code("unavailable")
    /// The answer did not come in time.
    public static let timeout = Code("timeout")
    /// The task was cancelled.
    public static let cancelled = Code("cancelled")
    /// TLS failed for good: a certificate is expired, made for another name or by an unknown authority, the server wants one
    /// of ours, or it answers in something that is no TLS. Trying again does not heal it; another certificate or configuration
    /// does. A server that only closes the connection may be on its way out: that is `unavailable`.
    public static let tlsFailed = Code("tlsFailed")
    /// Wrong or expired credentials.
    public static let unauthenticated = Code("unauthenticated")
    /// The user may not do this.
    public static let permissionDenied = Code("permissionDenied")
    /// The server is out of space, or refuses more requests for now.
    public static let resourceExhausted = Code("resourceExhausted")
    /// The server does not know this call.
    public static let unimplemented = Code("unimplemented")
    /// The server reports damaged data.
    public static let dataLoss = Code("dataLoss")
    /// The peer does not speak the protocol as it should.
    public static let protocolViolation = Code("protocolViolation")
    /// A fault of the server, or of ours.
    public static let `internal` = Code("internal")

    // Life cycle.

    /// A cache was read before `run()`.
    public static let notStarted = Code("notStarted")
    /// A cache was read before its first complete load.
    public static let notLoaded = Code("notLoaded")
    /// A cache was read after it stopped.
    public static let stopped = Code("stopped")
    /// `run()` was called while it runs already.
    public static let alreadyRunning = Code("alreadyRunning")
  }
}
