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
        .read(held?.token), attempted: nil, of: key, invoked: operation.invoked, returned: returned, in: history)
    case .success(.transact(let response)):
      for key in operation.keys {
        registers.record(
          operation.told(key, response), attempted: operation.attempted, of: key, invoked: operation.invoked,
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
        .replace(before[key]?.token, by: now[key]?.token), attempted: nil, of: key, invoked: invoked,
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
      return held.token
    }
    // Nobody was told anything that could be wrong.
    guard operations.contains(where: { $0.returned != nil && $0.action.tells }) else { return }
    let first = oracle.start(of: history)[key]?.token
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
}

extension KeyValue {
  fileprivate var token: UInt32 { SimulatedCodec.token(value) }
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

  /// What it was told of a key.
  fileprivate func told(_ key: Int, _ response: TransactionResponse) -> RegisterHistories.Told {
    // A refusal comes with what the key holds, in the same revision.
    guard response.succeeded else { return .read(response.held(Keys.all[key])?.token) }
    if let expected { return .compareAndSet(expected, token, succeeded: true) }
    for (request, answer) in zip(request.success, response.responses) {
      switch (request, answer) {
      case (.put(let put), .put(let answer)) where put.key == Keys.all[key] && put.previous:
        return .replace(answer.previous?.token, by: token)
      case (.deleteRange(let delete), .deleteRange(let answer)) where delete.range.contains(Keys.all[key]):
        return answer.deleted == 0 ? .read(nil) : .write(nil)
      default: continue
      }
    }
    return .write(token)
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
