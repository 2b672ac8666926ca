import HoldfastSimulation
import Testing

private typealias Operation = RegisterOperation

private func operation(_ action: Operation.Action, _ invoked: Int, _ returned: Int?) -> Operation {
  Operation(action, invoked: invoked, returned: returned)
}

private func check(
  _ history: [Operation], initial: UInt64? = nil, limit: Int = 1_000_000
) -> LinearizabilityVerdict {
  LinearizabilityChecker.check(history, initial: initial, limit: limit)
}

@Suite struct LinearizabilityCheckerTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var history: [RegisterOperation]
    var initial: UInt64?
    /// The operation with the first answer that cannot be explained; nil if there is none.
    var violation: Int?

    init(_ name: String, _ history: [RegisterOperation], initial: UInt64? = nil, violation: Int? = nil) {
      testDescription = name
      self.history = history
      self.initial = initial
      self.violation = violation
    }
  }

  static let answered: [Row] = [
    Row("nothing", []),
    Row("a read of what was there", [operation(.read(7), 0, 1)], initial: 7),
    Row("a read of what was never there", [operation(.read(7), 0, 1)], violation: 0),
    Row("one after the other", [operation(.write(1), 0, 1), operation(.read(1), 2, 3)]),
    Row(
      "a stale read", [operation(.write(1), 0, 1), operation(.write(2), 2, 3), operation(.read(1), 4, 5)],
      violation: 2),
    Row(
      "reads of old and new during a write",
      [operation(.write(1), 0, 9), operation(.read(nil), 1, 2), operation(.read(1), 3, 4)]),
    Row(
      "a read of the old after one of the new, during a write",
      [operation(.write(1), 0, 9), operation(.read(1), 1, 2), operation(.read(nil), 3, 4)], violation: 2),
    Row(
      "the order of concurrent writes, as two readers see it",
      [operation(.write(1), 0, 9), operation(.write(2), 0, 9), operation(.read(2), 1, 2), operation(.read(1), 3, 4)]),
    Row(
      "a lost update",
      [
        operation(.write(1), 0, 1), operation(.compareAndSet(expected: 1, new: 2, succeeded: true), 2, 3),
        operation(.compareAndSet(expected: 1, new: 3, succeeded: true), 4, 5),
      ], violation: 2),
    Row(
      "two successes that expected the same",
      [
        operation(.compareAndSet(expected: 1, new: 2, succeeded: true), 0, 3),
        operation(.compareAndSet(expected: 1, new: 3, succeeded: true), 0, 4),
      ], initial: 1, violation: 1),
    Row(
      "a success and a refusal that expected the same",
      [
        operation(.compareAndSet(expected: 1, new: 2, succeeded: false), 0, 3),
        operation(.compareAndSet(expected: 1, new: 3, succeeded: true), 0, 4), operation(.read(3), 5, 6),
      ], initial: 1),
    Row(
      "a refusal of what was expected",
      [operation(.compareAndSet(expected: 1, new: 2, succeeded: false), 0, 1)], initial: 1, violation: 0),
    Row(
      "two successful creates",
      [operation(.create(1, succeeded: true), 0, 5), operation(.create(2, succeeded: true), 0, 6)], violation: 1),
    Row(
      "two successful creates with a delete that may be between",
      [
        operation(.create(1, succeeded: true), 0, 5), operation(.create(2, succeeded: true), 0, 6),
        operation(.delete, 0, 7), operation(.read(1), 8, 9),
      ]),
    Row("a refused create on an absent key", [operation(.create(1, succeeded: false), 0, 1)], violation: 0),
    Row(
      "a refused create beside a write", [operation(.create(1, succeeded: false), 0, 3), operation(.write(2), 1, 2)]),
    Row(
      "a conditional delete, then a create",
      [
        operation(.compareAndSet(expected: 1, new: nil, succeeded: true), 0, 1), operation(.read(nil), 2, 3),
        operation(.create(2, succeeded: true), 4, 5),
      ], initial: 1),
    Row(
      "a conditional delete that left the key",
      [operation(.compareAndSet(expected: 1, new: nil, succeeded: true), 0, 1), operation(.read(1), 2, 3)],
      initial: 1, violation: 1),
    Row(
      "a write that changes nothing here, but later",  // It must not be placed where it first fits.
      [operation(.write(1), 0, 9), operation(.write(2), 1, 2), operation(.read(2), 3, 4), operation(.read(1), 10, 11)],
      initial: 1),
  ]

  static let unknown: [Row] = [
    Row("never seen", [operation(.write(1), 0, nil), operation(.read(nil), 1, 2)]),
    Row(
      "seen later",
      [operation(.write(1), 0, nil), operation(.read(nil), 1, 2), operation(.read(1), 100, 101)]),
    Row(
      "seen, then not any more",
      [operation(.write(1), 0, nil), operation(.read(1), 1, 2), operation(.read(nil), 3, 4)], violation: 2),
    Row("seen before its request", [operation(.read(1), 0, 1), operation(.write(1), 2, nil)], violation: 0),
    Row(
      "seen twice, with another write between",
      [
        operation(.write(1), 0, nil), operation(.read(1), 1, 2), operation(.write(2), 3, 4), operation(.read(1), 5, 6),
      ], violation: 3),
    Row(
      "seen after a later write",
      [operation(.write(1), 0, nil), operation(.write(2), 1, 2), operation(.read(2), 3, 4), operation(.read(1), 5, 6)]),
    Row(
      "a create that finds the key",
      [operation(.create(1, succeeded: true), 0, nil), operation(.read(1), 1, 2)], initial: 5, violation: 1),
    Row(
      "a create that waits for a delete",
      [operation(.create(1, succeeded: true), 0, nil), operation(.delete, 1, 2), operation(.read(1), 3, 4)],
      initial: 5),
    Row(
      "a compare whose condition never holds",
      [
        operation(.compareAndSet(expected: 8, new: 9, succeeded: true), 0, nil), operation(.read(5), 1, 2),
        operation(.read(9), 3, 4),
      ], initial: 5, violation: 2),
    Row(
      "one that lets another's condition hold, whatever they are said to have met",
      [
        operation(.write(8), 0, nil), operation(.compareAndSet(expected: 8, new: 9, succeeded: false), 0, nil),
        operation(.read(9), 1, 2),
      ]),
    Row("a read", [operation(.read(1), 0, nil), operation(.read(nil), 1, 2)]),
  ]

  @Test(arguments: answered + unknown) func knownHistories(_ row: Row) {
    switch check(row.history, initial: row.initial) {
    case .linearizable: #expect(row.violation == nil)
    case .violation(let operation, _): #expect(operation == row.violation)
    case .undecided: Issue.record("undecided")
    }
  }

  @Test func theSameStepIsConcurrent() {
    #expect(check([operation(.write(1), 0, 1), operation(.read(nil), 1, 2)]) == .linearizable)
    #expect(check([operation(.read(1), 1, 1), operation(.write(1), 1, 1)]) == .linearizable)
    #expect(
      check([operation(.write(1), 0, 1), operation(.read(nil), 2, 3)]) == .violation(operation: 1, prefix: [0]))
  }

  @Test func theLimitIsNoPass() {
    let history = [operation(.write(1), 0, 1), operation(.read(1), 2, 3)]
    #expect(check(history, limit: 1) == .undecided)
    #expect(check(history, limit: 2) == .linearizable)
    #expect(check([operation(.write(1), 0, nil)], limit: 0) == .linearizable)
  }

  @Test func manyUnknownWritesAreDecided() {
    // Each could be placed anywhere; 2^40 choices if one had to be tried after the other.
    var history = (1...40).map { operation(.write($0), 0, nil) }
    history += (0..<20).map { operation(.read(UInt64($0 * 2 + 1)), 10 * $0 + 1, 10 * $0 + 2) }
    #expect(check(history) == .linearizable)
    history.append(operation(.read(1), 300, 301))
    guard case .violation(60, _) = check(history) else {
      Issue.record("the last read sees a write for the second time")
      return
    }
  }

  @Test func manyConcurrentReadsAreDecided() {
    var history = (0..<40).map { operation(.read(nil), $0, 50) }
    history.append(operation(.read(1), 0, 60))
    #expect(check(history, limit: 1000) == .violation(operation: 40, prefix: Array(0..<40)))
  }
}

/// Histories that nobody thought of, against a checker that is too simple to be wrong.
@Suite struct LinearizabilityCheckerRandomTests {
  @Test func agreesWithEveryOrderTried() {
    var random = SplitMix64(state: 1)
    var linearizable = 0
    for round in 0..<6000 {
      // Half of them at random, which fail early, and half from an execution with one answer changed.
      let history =
        round.isMultiple(of: 2)
        ? random.history(count: random.below(6) + 1) : random.execution(count: random.below(6) + 1, changes: 1)
      let expected = isExplained(history)
      switch check(history) {
      case .linearizable: #expect(expected, "\(history)")
      case .violation(let operation, let prefix):
        #expect(!expected, "\(history)")
        // What the verdict says about the operation is meant literally.
        #expect(isExplained(cut(history, at: operation, isIncluded: false)), "\(operation) of \(history)")
        #expect(!isExplained(cut(history, at: operation, isIncluded: true)), "\(operation) of \(history)")
        #expect(replays(prefix.map { history[$0] }) && !prefix.contains(operation))
      case .undecided: Issue.record("undecided: \(history)")
      }
      // The same among many that change nothing.
      let others = Array(repeating: operation(.read(nil), -100, -100), count: 64)
      #expect((check(history.prefix(2) + others + history.dropFirst(2)) == .linearizable) == expected, "\(history)")
      linearizable += expected ? 1 : 0
    }
    #expect((1500...4500).contains(linearizable))
  }

  @Test(arguments: [40, 64, 65, 100]) func decidesLongExecutions(_ count: Int) {
    var random = SplitMix64(state: UInt64(count))
    for round in 0..<20 {
      var history = random.execution(count: count, unknownOneOf: 20, changes: 0)
      #expect(check(history) == .linearizable, "round \(round)")
      // Nobody writes 99, and everything before has to be tried to know it.
      let end = 1 + (history.map { max($0.invoked, $0.returned ?? 0) }.max() ?? 0)
      history[count - 1] = operation(.read(99), end, end)
      guard case .violation(count - 1, _) = check(history) else {
        Issue.record("round \(round)")
        continue
      }
    }
  }

  /// Tries every order of the operations that respects time, with and without each whose outcome is unknown.
  private func isExplained(_ history: [Operation], after prefix: [Operation] = []) -> Bool {
    guard replays(prefix) else { return false }
    if history.allSatisfy({ $0.returned == nil }) { return true }
    return history.indices.contains { index in
      guard history.allSatisfy({ $0.returned ?? .max >= history[index].invoked }) else { return false }
      var rest = history
      let next = rest.remove(at: index)
      return isExplained(rest, after: prefix + [next])
    }
  }

  /// The history as it was at the answer of an operation: who was still waiting then, waits for ever.
  private func cut(_ history: [Operation], at last: Int, isIncluded: Bool) -> [Operation] {
    let end = history[last].returned ?? .max
    return history.enumerated().compactMap { index, operation in
      guard operation.invoked <= end else { return nil }
      guard let returned = operation.returned else { return operation }
      if (returned, index) < (end, last) || (index == last && isIncluded) { return operation }
      return isRefused(operation) ? nil : Operation(operation.action, invoked: operation.invoked, returned: nil)
    }
  }

  private func isRefused(_ operation: Operation) -> Bool {
    switch operation.action {
    case .create(_, false), .compareAndSet(_, _, false): true
    default: false
    }
  }

  private func replays(_ order: [Operation]) -> Bool {
    var state: UInt64?
    for operation in order {
      let isUnknown = operation.returned == nil
      switch operation.action {
      case .read(let value): if !isUnknown, value != state { return false }
      case .write(let value): state = value
      case .create(let value, let succeeded):
        if !isUnknown, succeeded != (state == nil) { return false }
        if state == nil { state = value }
      case .compareAndSet(let expected, let new, let succeeded):
        if !isUnknown, succeeded != (state == expected) { return false }
        if state == expected { state = new }
      }
    }
    return true
  }
}

private struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  /// Few values, so that they meet.
  mutating func value() -> UInt64? { below(4) == 0 ? nil : UInt64(below(3)) }

  mutating func action() -> Operation.Action {
    switch below(6) {
    case 0, 1: .read(value())
    case 2: .write(value())
    case 3: .create(UInt64(below(3)), succeeded: below(2) == 0)
    default: .compareAndSet(expected: value(), new: value(), succeeded: below(2) == 0)
    }
  }

  mutating func history(count: Int) -> [Operation] {
    (0..<count).map { _ in
      let invoked = below(10)
      return operation(action(), invoked, below(4) == 0 ? nil : invoked + below(6))
    }
  }

  /// What a real register answers, except to those whose answer is changed. Steps often coincide.
  mutating func execution(count: Int, unknownOneOf: Int = 5, changes: Int) -> [Operation] {
    var state: UInt64?
    var history: [Operation] = []
    for point in 0..<count {
      let isUnknown = below(unknownOneOf) == 0
      var action = action()
      // A lost request is one whose effect nobody saw, an unknown outcome either that or a lost answer.
      if !isUnknown || below(2) == 0 { action = answer(action, &state) }
      let invoked = 2 * point - below(8)
      history.append(operation(action, invoked, isUnknown ? nil : 2 * point + below(8)))
    }
    for _ in 0..<changes {
      let index = below(count)
      history[index] = operation(action(), history[index].invoked, history[index].returned)
    }
    return history
  }

  private func answer(_ action: Operation.Action, _ state: inout UInt64?) -> Operation.Action {
    let before = state
    switch action {
    case .read: return .read(before)
    case .write(let value):
      state = value
      return action
    case .create(let value, _):
      state = before ?? value
      return .create(value, succeeded: before == nil)
    case .compareAndSet(let expected, let new, _):
      if before == expected { state = new }
      return .compareAndSet(expected: expected, new: new, succeeded: before == expected)
    }
  }
}
