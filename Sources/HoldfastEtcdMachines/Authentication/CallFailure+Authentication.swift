import HoldfastCore

extension CallFailure {
  /// Whether the server refused the call for its token alone, before it looked at anything else: with a new one it may pass, a
  /// write too.
  package var wantsToken: Bool {
    guard progress == .answered else { return false }
    switch (status, message) {
    case (.unauthenticated, "etcdserver: invalid auth token"),
      (.invalidArgument, "etcdserver: revision of auth store is old"),
      (.invalidArgument, "etcdserver: user name is empty"):
      return true
    default: return false
    }
  }

  /// Authenticate's answer where authentication is not switched on.
  package var isAuthenticationNotEnabled: Bool {
    progress == .answered && message == "etcdserver: authentication is not enabled"
  }

  /// Whether Authenticate was answered with a refusal that will be the same the next time.
  var isRefusedAuthentication: Bool {
    guard progress == .answered, !wantsToken else { return false }
    switch code {
    case .unauthenticated, .permissionDenied, .invalidArgument: return true
    default: return false
    }
  }

  /// A refused Authenticate, with what to do about it. Anything else stays what it is.
  package func authenticating(_ user: String) -> CallFailure {
    guard isRefusedAuthentication else { return self }
    return CallFailure(
      .unauthenticated, "etcd does not accept the user \"\(user)\" with this password: check both (\(message))",
      progress: progress)
  }

  /// What a failed Authenticate is to the call that was to follow it, of which nothing has been sent: where another endpoint may
  /// do better, one that does not serve.
  package var ofCallToCome: CallFailure {
    if progress == .answered, code == .unauthenticated { return self }
    let isElsewhere = isForeign || RetryTable.row(for: self).decision(for: .read) != .giveUp
    var failure = isElsewhere && !isTLSFailure ? CallFailure(.unavailable, message, progress: progress) : self
    failure.progress = .notProcessed
    return failure
  }
}
