package import HoldfastCore

/// What etcd's errors mean. etcd puts dozens of errors into a dozen gRPC codes; only the exact message tells them apart.
package enum EtcdErrorTable {
  /// The meaning of a failed call.
  package static func code(for failure: CallFailure) -> HoldfastError.Code {
    if let code = code(inText: failure.message, status: failure.status) { return code }
    switch failure.status {
    case .ok: return .protocolViolation
    // The caller's own cancellation never left an answer; an answer means that the server gave up.
    case .cancelled: return failure.progress == .answered ? .unavailable : .cancelled
    case .unknown, .internal: return .internal
    case .invalidArgument, .outOfRange, .notFound, .failedPrecondition, .alreadyExists: return .invalidArgument
    case .deadlineExceeded: return .timeout
    case .permissionDenied: return .permissionDenied
    case .resourceExhausted: return .resourceExhausted
    case .aborted, .unavailable: return .unavailable
    case .unimplemented: return .unimplemented
    case .dataLoss: return .dataLoss
    case .unauthenticated: return .unauthenticated
    }
  }

  /// The meaning of the reason that comes with a cancelled watch, which may be a whole gRPC error in words
  /// (`rpc error: code = PermissionDenied desc = …`); nil when it is not known.
  package static func code(forReason reason: String) -> HoldfastError.Code? {
    for row in rows + reasonRows where reason.contains(row.message) { return row.code }
    return nil
  }

  private static func code(inText message: String, status: StatusCode) -> HoldfastError.Code? {
    for row in rows where row.message == message {
      if row.statuses.contains(status) { return row.code }
    }
    return status == .resourceExhausted && isTooLargeForServer(message) ? .requestTooLarge : nil
  }

  /// gRPC-Go's refusal of a request beyond the server's limit, which it made before it read it.
  static func isTooLargeForServer(_ message: String) -> Bool {
    message.hasPrefix("grpc: received message larger than max")
      || message.hasPrefix("grpc: received message after decompression larger than max")
  }

  struct Row {
    var statuses: Set<StatusCode>
    var message: String
    var code: HoldfastError.Code

    init(_ status: StatusCode..., text: String, is code: HoldfastError.Code) {
      statuses = Set(status)
      message = text
      self.code = code
    }
  }

  /// etcd's errors that mean more than their gRPC code. The longer message stands before one that it contains.
  static let rows: [Row] = [
    Row(.invalidArgument, text: "etcdserver: key not found", is: .keyNotFound),
    Row(.invalidArgument, text: "etcdserver: too many operations in txn request", is: .tooManyOperations),
    Row(.invalidArgument, text: "etcdserver: duplicate key given in txn request", is: .duplicateKey),
    Row(.invalidArgument, text: "etcdserver: request is too large", is: .requestTooLarge),
    Row(
      .invalidArgument, text: "etcdserver: authentication failed, invalid user ID or password", is: .unauthenticated),
    Row(.invalidArgument, text: "etcdserver: user name is empty", is: .unauthenticated),
    Row(.invalidArgument, text: "etcdserver: revision of auth store is old", is: .unauthenticated),
    Row(.unauthenticated, text: "etcdserver: invalid auth token", is: .unauthenticated),
    Row(.permissionDenied, text: "etcdserver: permission denied", is: .permissionDenied),
    Row(.outOfRange, text: "etcdserver: mvcc: required revision has been compacted", is: .compacted),
    Row(.outOfRange, text: "etcdserver: mvcc: required revision is a future revision", is: .futureRevision),
    Row(.notFound, text: "etcdserver: requested lease not found", is: .leaseNotFound),
    Row(.failedPrecondition, text: "etcdserver: lease already exists", is: .leaseExists),
    Row(.notFound, text: "etcdserver: member not found", is: .memberNotFound),
    Row(.failedPrecondition, text: "etcdserver: member ID already exist", is: .memberExists),
    Row(.failedPrecondition, text: "etcdserver: Peer URLs already exists", is: .memberExists),
    Row(
      .failedPrecondition,
      text: "etcdserver: can only promote a learner member which is in sync with leader", is: .learnerNotReady),
    Row(
      .failedPrecondition, text: "etcdserver: re-configuration failed due to not enough started members",
      is: .unavailable),
    Row(.failedPrecondition, .unavailable, text: "etcdserver: not leader", is: .unavailable),
    Row(.failedPrecondition, .unavailable, text: "etcdserver: not capable", is: .unimplemented),
    Row(.failedPrecondition, .unavailable, text: "etcdserver: rpc not supported for learner", is: .unavailable),
    Row(.resourceExhausted, text: "etcdserver: mvcc: database space exceeded", is: .resourceExhausted),
    Row(.resourceExhausted, text: "etcdserver: too many requests", is: .resourceExhausted),
    Row(.unavailable, text: "etcdserver: request timed out, possibly due to previous leader failure", is: .timeout),
    Row(.unavailable, text: "etcdserver: request timed out, possibly due to connection lost", is: .timeout),
    Row(
      .unavailable, text: "etcdserver: request timed out, waiting for the applied index took too long", is: .timeout),
    Row(.unavailable, text: "etcdserver: request timed out", is: .timeout),
    Row(.unavailable, text: "etcdserver: no leader", is: .unavailable),
    Row(.unavailable, text: "etcdserver: leader changed", is: .unavailable),
    Row(.unavailable, text: "etcdserver: server stopped", is: .unavailable),
    Row(.unavailable, text: "etcdserver: unhealthy cluster", is: .unavailable),
    // A leader that is handing over takes no proposals. etcd has no code for it.
    Row(.unknown, text: "raft proposal dropped", is: .unavailable),
    Row(.dataLoss, text: "etcdserver: corrupt cluster", is: .dataLoss),
  ]

  /// What only a cancelled watch says.
  static let reasonRows: [Row] = [
    Row(text: "mvcc: required revision has been compacted", is: .compacted),
    Row(text: "mvcc: watcher range is empty", is: .invalidArgument),
    Row(text: "watcher range is empty", is: .invalidArgument),
    Row(text: "code = PermissionDenied", is: .permissionDenied),
    Row(text: "permission denied", is: .permissionDenied),
    Row(text: "code = Unauthenticated", is: .unauthenticated),
    Row(text: "invalid auth token", is: .unauthenticated),
    Row(text: "code = Unavailable", is: .unavailable),
    Row(text: "no leader", is: .unavailable),
  ]
}
