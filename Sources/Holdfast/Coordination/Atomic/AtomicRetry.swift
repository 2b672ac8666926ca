package import HoldfastCore

/// How often an atomic closure is run, and from where it reads. Pure.
///
/// A cache's snapshot serves the first attempt only. What went wrong with it may be its age, so the others read from the store.
package struct AtomicRetry: Sendable {
  package enum Input: Sendable {
    case start(hasSnapshot: Bool)
    /// What was read has changed, or could not be read any more; nothing was written.
    case conflicted(HoldfastError)
    case waited
  }

  package enum Action: Equatable, Sendable {
    case attempt(fromSnapshot: Bool)
    case wait(Duration)
    case fail(HoldfastError)
  }

  private let configuration: AtomicConfiguration
  private var attempts = 0
  private var readsSnapshot = false

  package init(_ configuration: AtomicConfiguration) { self.configuration = configuration }

  /// - Parameter jitter: In 0 ..< 1.
  package mutating func handle(_ input: Input, jitter: Double) -> Action {
    switch input {
    case .start(let hasSnapshot):
      readsSnapshot = hasSnapshot
      return attempt()
    case .waited: return attempt()
    case .conflicted(let error):
      // It cost nobody anything, and is no sign of others who write at this moment.
      if readsSnapshot {
        readsSnapshot = false
        attempts = 0
        return attempt()
      }
      guard attempts < configuration.attempts else { return .fail(exhausted(error)) }
      let doubled = configuration.pause.lowerBound * (1 << min(attempts - 1, 16))
      return .wait(min(doubled, configuration.pause.upperBound) * (0.1 + 0.9 * jitter))
    }
  }

  private mutating func attempt() -> Action {
    attempts += 1
    return .attempt(fromSnapshot: readsSnapshot)
  }

  private func exhausted(_ last: HoldfastError) -> HoldfastError {
    HoldfastError(
      .revisionMismatch,
      "the transaction was tried \(attempts) times, and each time something that it had read was changed by others",
      key: last.key, outcome: .refused, revision: last.revision, current: last.current, cause: last)
  }
}

/// How often a closure of ``Store/atomically(from:configuration:_:)`` is run.
public struct AtomicConfiguration: Sendable {
  /// The most attempts, at least one.
  public var attempts = 32 {
    didSet { attempts = max(1, attempts) }
  }
  /// The first and the longest pause between attempts; it doubles in between. Up to nine tenths of each are taken away at random,
  /// so that two that met do not meet again.
  public var pause: ClosedRange<Duration> = .milliseconds(1) ... .milliseconds(100)
  package var time = TimeSource.continuous

  public init() {}
}
