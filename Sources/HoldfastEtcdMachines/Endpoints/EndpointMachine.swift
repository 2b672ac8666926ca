/// Which member to talk to: the current one for as long as it serves, then the next, with a wait after each fruitless
/// round.
package struct EndpointMachine: Sendable {
  package enum Input: Hashable, Sendable {
    /// The endpoint did not serve: unreachable, silent, without a leader. The jitter is about 1.
    case failed(endpoint: Int, jitter: Double)
    /// The endpoint answered.
    case succeeded(endpoint: Int)
  }

  package enum Action: Hashable, Sendable {
    /// The next attempt goes to this endpoint, after this time.
    case use(endpoint: Int, after: Duration)
  }

  /// Where new calls go.
  package private(set) var current = 0
  private let count: Int
  private let backOff: BackOff
  /// Failures of the current endpoint and those before it, since something last succeeded.
  private var failures = 0

  /// There must be an endpoint: fewer count as one.
  package init(count: Int, backOff: BackOff = BackOff()) {
    self.count = max(1, count)
    self.backOff = backOff
  }

  package mutating func handle(_ input: Input) -> [Action] {
    switch input {
    case .succeeded(let endpoint):
      // A late answer of an endpoint that was left says nothing about the current one.
      if endpoint == current { failures = 0 }
      return []
    case .failed(let endpoint, let jitter):
      // Many calls fail together; only the first of them moves on, the others follow.
      if endpoint == current {
        current = (current + 1) % count
        failures = min(failures + 1, 1_000_000)
      }
      let rounds = failures / count
      // The other members are tried at once; back at the first, there is nothing to hurry for.
      let isFruitless = rounds > 0 && failures % count == 0
      return [.use(endpoint: current, after: isFruitless ? backOff.delay(attempt: rounds - 1, jitter: jitter) : .zero)]
    }
  }
}
