import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Runs the body; the first SIGINT or SIGTERM cancels it, so that it can release what it holds (leases, watches). A body that
/// has not ended a few seconds later is cut off, because by then somebody would reach for SIGKILL.
///
/// - Parameters:
///   - forwards: Whether a command of the user's may run, which then gets these and some more signals instead.
///   - ignored: Signals that stay ignored.
///   - body: Gets the relay that the command is to be told to.
func untilInterrupted(
  forwards: Bool, ignoring ignored: Set<Int32>, _ body: @escaping @Sendable (SignalRelay) async throws -> ExitStatus
) async throws -> ExitStatus {
  let more = forwards ? [SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2] : []
  let signals = ProcessSignal.catching(([SIGINT, SIGTERM] + more).filter { !ignored.contains($0) })
  let (received, relay) = (Received(), SignalRelay())
  return try await withThrowingTaskGroup(of: ExitStatus?.self) { group in
    group.addTask {
      do {
        let ended = try await body(relay)
        return received.status ?? ended
      } catch {
        // What an interrupted command complains about is that it was interrupted.
        if let interrupted = received.status { return interrupted }
        throw error
      }
    }
    group.addTask {
      for await signal in signals where !relay.forward(signal) {
        let status = ExitStatus(signal: signal.number)
        received.note(status)
        // A command that has begun meanwhile is given its own time.
        DispatchQueue.global().asyncAfter(deadline: .now() + 5) { if !relay.isTaken { _exit(status.code) } }
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
