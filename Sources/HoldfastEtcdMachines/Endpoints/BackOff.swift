/// How long to wait before trying again: 0.2 s, doubling to 5 s, times a jitter that the caller draws.
package struct BackOff: Hashable, Sendable {
  package var first: Duration = .milliseconds(200)
  package var longest: Duration = .seconds(5)

  package init() {}

  /// The wait before attempt `attempt` (0 is the first one after a failure). The jitter, limited to 0.5 … 1.5, keeps
  /// clients that lost the same server from coming back in step.
  package func delay(attempt: Int, jitter: Double) -> Duration {
    var delay = first
    for _ in 0..<max(0, min(attempt, 32)) where delay < longest { delay = min(delay * 2, longest) }
    return min(delay, longest) * (jitter.isNaN ? 1 : min(max(jitter, 0.5), 1.5))
  }
}
