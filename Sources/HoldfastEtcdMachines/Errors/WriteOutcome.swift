package import HoldfastCore

/// What a failure says about the write that failed: the difference between "try again" and "read first".
package enum WriteOutcome {
  package static func of(_ failure: CallFailure) -> HoldfastError.Outcome { RetryTable.row(for: failure).outcome }
}
