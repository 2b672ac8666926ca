package import HoldfastCore

/// What a failure says about the write that failed: the difference between "try again" and "read first".
package enum WriteOutcome {
  package static func of(_ failure: CallFailure) -> HoldfastError.Outcome {
    switch failure.progress {
    case .notProcessed: return .refused
    case .unknown: return .unknown
    case .answered: break
    }
    switch failure.status {
    case .invalidArgument, .outOfRange, .notFound, .failedPrecondition, .permissionDenied, .unauthenticated,
      .alreadyExists, .unimplemented:
      return .refused
    // Two things in one code: the server had no room for the request, or the answer was too large to be sent.
    case .resourceExhausted: return wasTurnedAway(failure.message) ? .refused : .unknown
    case .ok, .cancelled, .unknown, .deadlineExceeded, .aborted, .internal, .unavailable, .dataLoss: return .unknown
    }
  }

  private static func wasTurnedAway(_ message: String) -> Bool {
    message == "etcdserver: mvcc: database space exceeded" || message == "etcdserver: too many requests"
      || EtcdErrorTable.isTooLargeForServer(message)
  }
}
