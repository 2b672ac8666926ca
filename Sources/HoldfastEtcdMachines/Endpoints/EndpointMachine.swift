/// Which member to talk to: the current one for as long as it serves, then the next, with a wait after each fruitless
/// round.
package struct EndpointMachine: Sendable {
  /// An endpoint, and which turn at being the current one it was when an attempt began.
  package struct Turn: Hashable, Sendable {
    package var endpoint: Int
    package var number: Int

    package init(endpoint: Int, number: Int) {
      self.endpoint = endpoint
      self.number = number
    }
  }

  package enum Input: Hashable, Sendable {
    /// The endpoint did not serve: unreachable, silent, without a leader. The jitter is about 1.
    case failed(Turn, jitter: Double)
    /// The endpoint answered.
    case succeeded(Turn)
    /// From now on these endpoints serve, in this order. An empty list changes nothing.
    case replaced([Int])
  }

  package enum Action: Hashable, Sendable {
    /// The next attempt goes to this endpoint, after this time.
    case use(endpoint: Int, after: Duration)
  }

  /// Where new calls go.
  package private(set) var current = Turn(endpoint: 0, number: 0)
  /// How many endpoints are tried before there is a wait.
  package var count: Int { endpoints.count }
  private var endpoints: [Int]
  private let backOff: BackOff
  /// Failures of the current endpoint and those before it, since something last succeeded.
  private var failures = 0

  /// There must be an endpoint: fewer count as one.
  package init(count: Int, backOff: BackOff = BackOff()) {
    endpoints = Array(0..<max(1, count))
    self.backOff = backOff
  }

  package mutating func handle(_ input: Input) -> [Action] {
    switch input {
    case .succeeded(let turn):
      // A late answer of an endpoint that was left says nothing about the current one.
      if turn.endpoint == current.endpoint { failures = 0 }
      return []
    case .failed(let turn, let jitter):
      // Many calls fail together; only the first of them moves on, the others follow. With a single endpoint, too: a
      // thousand calls that meet the same restart are one failure.
      if turn == current {
        current = Turn(endpoint: next, number: current.number &+ 1)
        failures = min(failures + 1, 1_000_000)
      }
      let rounds = failures / count
      // The other members are tried at once; back at the first, there is nothing to hurry for.
      let isFruitless = rounds > 0 && failures % count == 0
      let delay = isFruitless ? backOff.delay(attempt: rounds - 1, jitter: jitter) : .zero
      return [.use(endpoint: current.endpoint, after: delay)]
    case .replaced(let replacement):
      guard let first = replacement.first else { return [] }
      endpoints = replacement
      // What serves is left alone.
      guard !replacement.contains(current.endpoint) else { return [] }
      current = Turn(endpoint: first, number: current.number &+ 1)
      failures = 0
      return [.use(endpoint: first, after: .zero)]
    }
  }

  private var next: Int {
    let position = endpoints.firstIndex(of: current.endpoint) ?? -1
    return endpoints[(position + 1) % endpoints.count]
  }
}
