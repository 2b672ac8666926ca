import HoldfastEtcdMachines

extension CallFailure {
  /// What the transport said, for the machines. Only the caller's own cancellation is one.
  init(_ error: RPCError, isCancelled: Bool) {
    let progress: Progress =
      switch error.progress {
      case .notProcessed: .notProcessed
      case .answered: .answered
      case .unknown: .unknown
      }
    // The raw values are gRPC's on both sides.
    var status = StatusCode(rawValue: error.code.rawValue) ?? .unknown
    if status == .cancelled && progress != .answered && !isCancelled { status = .unavailable }
    self.init(status, error.message, progress: progress)
    isTLSFailure = error.isTLSFailure
  }
}
