import Dispatch
import Synchronization
import UnixSignals

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Runs the body; the first SIGINT or SIGTERM cancels it, so that it can release what it holds (leases, watches). A body that
/// has not ended a few seconds later is cut off, because by then somebody would reach for SIGKILL.
func untilInterrupted(_ body: @escaping @Sendable () async throws -> ExitStatus) async throws -> ExitStatus {
  let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
  let received = Received()
  return try await withThrowingTaskGroup(of: ExitStatus?.self) { group in
    group.addTask {
      do {
        let ended = try await body()
        return received.status ?? ended
      } catch {
        // What an interrupted command complains about is that it was interrupted.
        if let interrupted = received.status { return interrupted }
        throw error
      }
    }
    group.addTask {
      for await signal in signals {
        let code: ExitStatus = signal == .sigint ? .interrupted : .terminated
        received.note(code)
        DispatchQueue.global().asyncAfter(deadline: .now() + 5) { _exit(code.code) }
        break
      }
      return nil
    }
    let first = try await group.next()
    group.cancelAll()
    if case .some(.some(let ended)) = first { return ended }
    for try await ended in group { if let ended { return ended } }
    return .failure
  }
}

/// The signal that has come, if one has.
private final class Received: Sendable {
  private let state = Mutex<ExitStatus?>(nil)
  var status: ExitStatus? { state.withLock { $0 } }
  func note(_ status: ExitStatus) { state.withLock { $0 = status } }
}
