internal import Synchronization

/// A clock that stands still until a test moves it.
///
/// ```swift
/// let clock = ManualClock()
/// let engine = EmbeddedEngine(clock: clock)
/// // … run it, grant a lease of ten seconds …
/// await clock.waitForSleepers()          // the engine sleeps until the lease's end
/// clock.advance(by: .seconds(10))
/// ```
public final class ManualClock: Clock, Sendable {
  /// A time of this clock, as the duration since its making.
  public struct Instant: InstantProtocol {
    public var offset: Duration

    public init(offset: Duration = .zero) { self.offset = offset }

    public func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    public func duration(to other: Instant) -> Duration { other.offset - offset }
    public static func < (lhs: Instant, rhs: Instant) -> Bool { lhs.offset < rhs.offset }
  }

  private struct Sleeper {
    var deadline: Instant
    var continuation: CheckedContinuation<Void, any Error>
  }

  private struct Watcher {
    var count: Int
    var deadline: Instant?
    var continuation: CheckedContinuation<Void, Never>
  }

  private struct State {
    var now = Instant()
    var lastID = 0
    var sleepers: [Int: Sleeper] = [:]
    var watchers: [Watcher] = []

    func isSatisfied(_ count: Int, _ deadline: Instant?) -> Bool {
      sleepers.values.count { deadline == nil || $0.deadline == deadline } >= count
    }

    mutating func takeSatisfied() -> [Watcher] {
      let all = watchers
      watchers = all.filter { !isSatisfied($0.count, $0.deadline) }
      return all.filter { isSatisfied($0.count, $0.deadline) }
    }
  }

  private let state = Mutex(State())

  /// A clock at zero.
  public init() {}

  public var now: Instant { state.withLock { $0.now } }

  public var minimumResolution: Duration { .zero }

  /// Waits until the clock has been moved to the deadline. Throws `CancellationError` when the task is cancelled first.
  public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    let id = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        // The continuation is resumed once: here, or by whoever takes the sleeper out.
        let (result, satisfied) = state.withLock { state -> (Result<Void, any Error>?, [Watcher]) in
          if Task.isCancelled { return (.failure(CancellationError()), []) }
          if deadline <= state.now { return (.success(()), []) }
          state.sleepers[id] = Sleeper(deadline: deadline, continuation: continuation)
          return (nil, state.takeSatisfied())
        }
        if let result { continuation.resume(with: result) }
        for watcher in satisfied { watcher.continuation.resume() }
      }
    } onCancel: {
      let sleeper = state.withLock { $0.sleepers.removeValue(forKey: id) }
      sleeper?.continuation.resume(throwing: CancellationError())
    }
  }

  /// Moves the clock and wakes everyone whose time has come, the earliest first.
  public func advance(by duration: Duration) {
    let woken = state.withLock { state in
      state.now = state.now.advanced(by: duration)
      let now = state.now
      let due = state.sleepers.filter { $0.value.deadline <= now }
      for id in due.keys { state.sleepers[id] = nil }
      return due.sorted { ($0.value.deadline, $0.key) < ($1.value.deadline, $1.key) }.map(\.value)
    }
    for sleeper in woken { sleeper.continuation.resume() }
  }

  /// Waits until at least so many tasks sleep on this clock, those that sleep until exactly `deadline` if it is given. With
  /// it a test knows that the code under test has reached its sleep before the clock is moved. Cancellation does not end it.
  public func waitForSleepers(_ count: Int = 1, until deadline: Instant? = nil) async {
    await withCheckedContinuation { continuation in
      let isSatisfied = state.withLock { state in
        if state.isSatisfied(count, deadline) { return true }
        state.watchers.append(Watcher(count: count, deadline: deadline, continuation: continuation))
        return false
      }
      if isSatisfied { continuation.resume() }
    }
  }
}
