package import HoldfastCore

/// The gRPC status codes.
package enum StatusCode: Int, Sendable, CaseIterable {
  case ok = 0
  case cancelled, unknown, invalidArgument, deadlineExceeded, notFound, alreadyExists, permissionDenied
  case resourceExhausted, failedPrecondition, aborted, outOfRange, unimplemented, `internal`, unavailable, dataLoss
  case unauthenticated
}

/// A call or a stream that failed: the status, and how far the request came.
package struct CallFailure: Error, Hashable, Sendable {
  package enum Progress: Sendable, CaseIterable {
    /// Nothing of it left this process, or the server said that it never looked at it.
    case notProcessed
    /// The server answered with this status.
    case answered
    /// It may have been processed.
    case unknown
  }

  package var status: StatusCode
  package var message: String
  package var progress: Progress
  /// Whether TLS failed in a way that trying the same endpoint again does not heal.
  package var isTLSFailure = false
  /// Whether the member may have passed the request on to the leader before it failed, so that its "no leader" does not say that
  /// nothing was done.
  package var mayBeForwarded = false

  package init(_ status: StatusCode, _ message: String, progress: Progress) {
    self.status = status
    self.message = message
    self.progress = progress
  }

  /// Whether something answered that is no etcd: a proxy's page, a stream that ended without a status. Another endpoint may
  /// be one.
  package var isForeign: Bool {
    guard progress == .unknown else { return false }
    switch status {
    case .unknown, .unimplemented, .unauthenticated, .permissionDenied: return true
    default: return false
    }
  }

  /// What the failure is called in the field's terms.
  package var code: HoldfastError.Code { isTLSFailure ? .tlsFailed : EtcdErrorTable.code(for: self) }

  /// The failure as an error, for something that is not a write.
  package var error: HoldfastError { HoldfastError(code, text) }

  private var text: String {
    switch message {
    case "": "the call failed: \(status)"
    case "etcdserver: user name is empty":
      "etcd wants its users to authenticate: set `user` and `password` (\(message))"
    default: message
    }
  }
}
