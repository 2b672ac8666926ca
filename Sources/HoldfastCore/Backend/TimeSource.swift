/// A clock behind two closures: time as a duration since some fixed point, and sleeping until one. It lets tests inject a
/// clock without making everything generic over it.
package struct TimeSource: Sendable {
  package let now: @Sendable () -> Duration
  /// Sleeps until the given time; throws `CancellationError` when the task is cancelled first.
  package let sleep: @Sendable (_ until: Duration) async throws -> Void

  package init<C: Clock>(_ clock: C) where C.Duration == Duration, C: Sendable {
    let origin = clock.now
    now = { origin.duration(to: clock.now) }
    sleep = { try await clock.sleep(until: origin.advanced(by: $0), tolerance: nil) }
  }

  package static let continuous = TimeSource(ContinuousClock())
}
