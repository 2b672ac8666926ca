/// The place of the one task that waits for something on the event loop: its continuation is resumed exactly once.
///
/// Every way out takes the continuation before it resumes it, and all of them run on the event loop. The token tells a
/// waiting apart from the one before: a task's cancellation hops to the loop by itself, and may come before what it
/// cancels or after that has ended.
struct WaitSlot<Value: Sendable> {
  typealias Continuation = CheckedContinuation<Result<Value, RPCError>, Never>

  private var continuation: Continuation?
  private var token = 0
  private var withdrawn = 0

  var isEmpty: Bool { continuation == nil }

  /// Takes the continuation in. False when it was resumed at once: its task was cancelled before, or another one waits.
  mutating func arm(_ continuation: Continuation, token: Int) -> Bool {
    guard self.continuation == nil else {
      continuation.resume(
        returning: .failure(RPCError(.internal, "Two tasks use one side of a stream.", progress: .notProcessed)))
      return false
    }
    self.token = token
    guard withdrawn != token else {
      continuation.resume(returning: .failure(.cancelledLocally(.notProcessed)))
      return false
    }
    self.continuation = continuation
    return true
  }

  /// Resumes the task that waits, if one does.
  mutating func resume(_ result: Result<Value, RPCError>) {
    guard let continuation else { return }
    self.continuation = nil
    continuation.resume(returning: result)
  }

  /// The task was cancelled. True when it was waiting and has been told.
  mutating func withdraw(token: Int, progress: RPCError.Progress) -> Bool {
    guard token >= self.token else { return false }
    withdrawn = token
    guard token == self.token, continuation != nil else { return false }
    resume(.failure(.cancelledLocally(progress)))
    return true
  }
}

extension RPCError {
  static func cancelledLocally(_ progress: Progress) -> RPCError {
    RPCError(.cancelled, "The call was cancelled by its caller.", progress: progress)
  }

  static func deadlinePassed(_ progress: Progress) -> RPCError {
    RPCError(.deadlineExceeded, "The call took longer than its time limit.", progress: progress)
  }
}
