import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension ByteSource {
  /// Standard input, read on a thread of its own: a `read` that waits for a person would otherwise hold one of the few
  /// threads on which all tasks run, the cache's among them. Nothing is read ahead of who asks.
  static var standardInput: ByteSource {
    let queue = DispatchQueue(label: "holdfast.standard-input")
    return ByteSource {
      let answer = PendingRead()
      return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
          guard answer.wait(continuation) else { return }
          queue.async { answer.finish(readChunk()) }
        }
      } onCancel: {
        // The thread stays in its `read` until the process ends; whatever it reads then, nobody wants.
        answer.finish(.success(nil))
      }
    }
  }
}

private func readChunk() -> Result<[UInt8]?, any Error> {
  let size = 65_536
  while true {
    var count = 0
    let chunk = [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
      count = read(STDIN_FILENO, buffer.baseAddress, size)
      initialized = max(0, count)
    }
    if count > 0 { return .success(chunk) }
    if count == 0 { return .success(nil) }
    let error = errno
    if error != EINTR { return .failure(UnreadableInput(errorNumber: error)) }
  }
}

/// A read that is answered once: by the thread, or by cancellation, which may come before anybody waits.
private final class PendingRead: Sendable {
  private enum State {
    case new
    case waiting(CheckedContinuation<[UInt8]?, any Error>)
    case done
  }

  private let state = Mutex(State.new)

  /// Returns whether there is something to wait for.
  func wait(_ continuation: CheckedContinuation<[UInt8]?, any Error>) -> Bool {
    let isDone = state.withLock { state in
      if case .done = state { return true }
      state = .waiting(continuation)
      return false
    }
    if isDone { continuation.resume(returning: nil) }
    return !isDone
  }

  func finish(_ result: Result<[UInt8]?, any Error>) {
    let waiter: CheckedContinuation<[UInt8]?, any Error>? = state.withLock { state in
      defer { state = .done }
      return if case .waiting(let continuation) = state { continuation } else { nil }
    }
    waiter?.resume(with: result)
  }
}
