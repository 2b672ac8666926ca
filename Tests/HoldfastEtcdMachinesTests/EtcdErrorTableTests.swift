import HoldfastCore
import HoldfastEtcdMachines
import Testing

@Suite struct EtcdErrorTableTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var status: StatusCode
    var message: String
    var code: HoldfastError.Code
    var outcome: HoldfastError.Outcome
    var testDescription: String { "\(status) \(message)" }

    init(
      _ status: StatusCode, _ message: String, _ code: HoldfastError.Code, _ outcome: HoldfastError.Outcome = .refused
    ) {
      self.status = status
      self.message = message
      self.code = code
      self.outcome = outcome
    }
  }

  static let answered: [Row] = [
    Row(.invalidArgument, "etcdserver: key is not provided", .invalidArgument),
    Row(.invalidArgument, "etcdserver: key not found", .keyNotFound),
    Row(.invalidArgument, "etcdserver: value is provided", .invalidArgument),
    Row(.invalidArgument, "etcdserver: lease is provided", .invalidArgument),
    Row(.invalidArgument, "etcdserver: too many operations in txn request", .tooManyOperations),
    Row(.invalidArgument, "etcdserver: duplicate key given in txn request", .duplicateKey),
    Row(.invalidArgument, "etcdserver: invalid sort option", .invalidArgument),
    Row(.invalidArgument, "etcdserver: request is too large", .requestTooLarge),
    Row(.invalidArgument, "etcdserver: user name is empty", .unauthenticated),
    Row(
      .invalidArgument, "etcdserver: authentication failed, invalid user ID or password", .unauthenticated),
    Row(.invalidArgument, "etcdserver: revision of auth store is old", .unauthenticated),
    Row(.unauthenticated, "etcdserver: invalid auth token", .unauthenticated),
    Row(.permissionDenied, "etcdserver: permission denied", .permissionDenied),
    Row(.outOfRange, "etcdserver: mvcc: required revision has been compacted", .compacted),
    Row(.outOfRange, "etcdserver: mvcc: required revision is a future revision", .futureRevision),
    Row(.outOfRange, "etcdserver: too large lease TTL", .invalidArgument),
    Row(.notFound, "etcdserver: requested lease not found", .leaseNotFound),
    Row(.failedPrecondition, "etcdserver: lease already exists", .leaseExists),
    Row(.failedPrecondition, "etcdserver: not leader", .unavailable),
    Row(.resourceExhausted, "etcdserver: mvcc: database space exceeded", .resourceExhausted),
    Row(.resourceExhausted, "etcdserver: too many requests", .resourceExhausted),
    Row(.resourceExhausted, "grpc: received message larger than max (3000000 vs. 2097152)", .requestTooLarge),
    Row(
      .resourceExhausted, "grpc: trying to send message larger than max (3000000 vs. 2097152)", .resourceExhausted,
      .unknown),
    Row(.resourceExhausted, "", .resourceExhausted, .unknown),
    Row(.unavailable, "etcdserver: no leader", .unavailable),
    Row(.unavailable, "etcdserver: rpc not supported for learner", .unavailable),
    Row(.unavailable, "etcdserver: unhealthy cluster", .unavailable),
    Row(
      .failedPrecondition, "etcdserver: re-configuration failed due to not enough started members", .unavailable),
    Row(.unknown, "raft proposal dropped", .unavailable),
    Row(.notFound, "etcdserver: member not found", .memberNotFound),
    Row(.failedPrecondition, "etcdserver: Peer URLs already exists", .memberExists),
    Row(.failedPrecondition, "etcdserver: member ID already exist", .memberExists),
    Row(
      .failedPrecondition, "etcdserver: can only promote a learner member which is in sync with leader",
      .learnerNotReady),
    Row(.unavailable, "etcdserver: leader changed", .unavailable, .unknown),
    Row(.unavailable, "etcdserver: request timed out", .timeout, .unknown),
    Row(.unavailable, "etcdserver: request timed out, possibly due to connection lost", .timeout, .unknown),
    Row(.unavailable, "transport is closing", .unavailable, .unknown),
    Row(.cancelled, "context canceled", .unavailable, .unknown),
    Row(.deadlineExceeded, "context deadline exceeded", .timeout, .unknown),
    Row(.internal, "", .internal, .unknown),
    Row(.unknown, "something new", .internal, .unknown),
    Row(.dataLoss, "etcdserver: corrupt cluster", .dataLoss, .unknown),
    Row(.unimplemented, "unknown method", .unimplemented),
    // The message alone decides nothing: it belongs to its code.
    Row(.unknown, "etcdserver: request is too large", .internal, .unknown),
  ]

  @Test(arguments: answered) func answeredErrors(_ row: Row) {
    let failure = CallFailure(row.status, row.message, progress: .answered)
    #expect(failure.code == row.code)
    #expect(WriteOutcome.of(failure) == row.outcome)
  }

  @Test(arguments: StatusCode.allCases) func progressDecidesBeforeTheCode(_ status: StatusCode) {
    #expect(WriteOutcome.of(CallFailure(status, "", progress: .notProcessed)) == .refused)
    #expect(WriteOutcome.of(CallFailure(status, "", progress: .unknown)) == .unknown)
  }

  @Test func ownCancellationIsNotTheServers() {
    #expect(CallFailure(.cancelled, "", progress: .unknown).code == .cancelled)
    #expect(CallFailure(.cancelled, "", progress: .answered).code == .unavailable)
  }

  @Test(arguments: [
    ("rpc error: code = PermissionDenied desc = etcdserver: permission denied", HoldfastError.Code.permissionDenied),
    ("etcdserver: permission denied", .permissionDenied),
    ("rpc error: code = Unauthenticated desc = etcdserver: invalid auth token", .unauthenticated),
    ("etcdserver: mvcc: required revision has been compacted", .compacted),
    ("mvcc: watcher range is empty", .invalidArgument),
    ("etcdserver: no leader", .unavailable),
    ("the weather", nil), ("", nil),
  ]) func reasons(_ reason: String, _ code: HoldfastError.Code?) {
    #expect(EtcdErrorTable.code(forReason: reason) == code)
  }
}
