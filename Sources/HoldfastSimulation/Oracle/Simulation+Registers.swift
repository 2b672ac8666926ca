import Holdfast
import HoldfastCore

/// Whether what clients were told by the store itself can be explained by some order (invariant 10).
extension Simulation {
  /// Takes note of what an operation was told.
  func remember(_ operation: SimulatedOperation, _ result: Result<CallAnswer, HoldfastError>, history: Int, stale: Bool)
  {
    let returned = registers.nextInstant()
    switch result {
    case .success(.range(let response)):
      // A server with the fault of stale reads answers them from its past: that very answer says nothing.
      guard !stale, let key = operation.keys.first else { return }
      let held = response.keyValues.first { $0.key == Keys.all[key] }
      registers.record(
        .read(token(held, history)), attempted: nil, of: key, invoked: operation.invoked, returned: returned,
        in: history)
    case .success(.transact(let response)):
      for key in operation.keys {
        registers.record(
          told(operation, key, response, history), attempted: operation.attempted, of: key, invoked: operation.invoked,
          returned: returned, in: history)
      }
      guard !response.succeeded, let expected = operation.expected, let key = operation.keys.first else { return }
      let found = response.held(Keys.all[key])?.modRevision ?? .zero
      check(.safeCompareAndSet, found != expected, "a compare with \(expected) was refused over \(found)")
    case .failure(let error):
      // What never reached the store does not belong in a history.
      guard let attempted = operation.attempted, error.outcome != .refused else { return }
      for key in operation.keys { registers.recordUnknown(attempted, of: key, invoked: operation.invoked) }
    }
  }

  /// Takes note of a write by somebody whom no cache here knows, who waits for the answer and gets it.
  func remember(changesSince before: Oracle.State) {
    let now = oracle.state
    for key in now.indices where now[key] != before[key] {
      let (invoked, returned) = (registers.nextInstant(), registers.nextInstant())
      registers.record(
        .replace(token(before[key], oracle.current), by: token(now[key], oracle.current)), attempted: nil, of: key,
        invoked: invoked,
        returned: returned, in: oracle.current)
    }
  }

  /// Judges all that was told in this run.
  func judgeRegisters() {
    for history in oracle.histories.indices {
      for key in Keys.all.indices { judgeRegister(key, history) }
    }
  }

  private func judgeRegister(_ key: Int, _ history: Int) {
    let states = oracle.histories[history]
    let operations = registers.operations(of: key, in: history) { revision in
      guard let held = states.state(at: revision)?[key], held.modRevision == revision else { return nil }
      return token(held, history)
    }
    // Nobody was told anything that could be wrong.
    guard operations.contains(where: { $0.returned != nil && $0.action.tells }) else { return }
    let first = token(oracle.start(of: history)[key], history)
    switch LinearizabilityChecker.check(operations, initial: first.map(UInt64.init), limit: 100_000) {
    case .linearizable: count(.linearizable)
    case .undecided: record.undecided += 1
    case .violation(let operation, let prefix):
      let order = prefix.map { operations[$0].summary }.joined(separator: "; ")
      check(
        .linearizable, false,
        "no order of what was told of \(Keys.all[key]) explains \(operations[operation].summary), after \(order)")
    }
  }

  /// What tells a value from every other one in a history: its token, or for an imitation the revision that it came at.
  private func token(_ held: KeyValue?, _ history: Int) -> UInt32? {
    guard let held else { return nil }
    let isImitation = oracle.histories[history].imitations.contains(held.modRevision)
    return isImitation ? 1 << 31 | UInt32(held.modRevision.rawValue) : SimulatedCodec.token(held.value)
  }

  /// What an operation was told of a key.
  private func told(
    _ operation: SimulatedOperation, _ key: Int, _ response: TransactionResponse, _ history: Int
  ) -> RegisterHistories.Told {
    // A refusal comes with what the key holds, in the same revision.
    guard response.succeeded else { return .read(token(response.held(Keys.all[key]), history)) }
    if let expected = operation.expected { return .compareAndSet(expected, operation.token, succeeded: true) }
    for (request, answer) in zip(operation.request.success, response.responses) {
      switch (request, answer) {
      case (.put(let put), .put(let answer)) where put.key == Keys.all[key] && put.previous:
        return .replace(token(answer.previous, history), by: operation.token)
      case (.deleteRange(let delete), .deleteRange(let answer)) where delete.range.contains(Keys.all[key]):
        return answer.deleted == 0 ? .read(nil) : .write(nil)
      default: continue
      }
    }
    return .write(operation.token)
  }
}

extension TransactionResponse {
  /// What a refused transaction says that a key holds.
  fileprivate func held(_ key: Key) -> KeyValue? {
    for case .range(let range) in responses {
      if let held = range.keyValues.first(where: { $0.key == key }) { return held }
    }
    return nil
  }
}

extension SimulatedOperation {
  /// What it does to each of its keys if it arrives; nil for a read.
  fileprivate var attempted: RegisterHistories.Told? {
    if kind == .get { return nil }
    return expected.map { .compareAndSet($0, token, succeeded: true) } ?? .write(token)
  }
}

extension RegisterOperation.Action {
  /// Whether its answer says something about the state.
  fileprivate var tells: Bool {
    if case .write = self { false } else { true }
  }
}

extension RegisterOperation {
  fileprivate var summary: String {
    func name(_ value: UInt64?) -> String { value.map { $0 == .max ? "another" : "\($0)" } ?? "nothing" }
    let what =
      switch action {
      case .read(let value): "read \(name(value))"
      case .write(let value): "wrote \(name(value))"
      case .create(let value, _): "created \(value)"
      case .compareAndSet(let expected, let new, let succeeded):
        "\(succeeded ? "changed" : "could not change") \(name(expected)) to \(name(new))"
      }
    return "\(what) [\(invoked), \(returned.map { "\($0)" } ?? "unknown")]"
  }
}
