import Holdfast
import HoldfastCore

/// What a store does with an answer, and what its caller may rely on then.
extension Simulation {
  func finishOperation(_ id: Int, _ result: Result<CallAnswer, HoldfastError>, history: Int) {
    guard let operation = operations.first(where: { $0.id == id }) else { return }
    switch result {
    case .success(.range(let response)):
      end(operation)
      readAnswered(operation, response)
    case .success(.transact(let response)): acknowledged(operation, response, history: history)
    case .failure(let error):
      if resolve(operation, error) { return }
      end(operation)
      failed(operation, error)
    }
  }

  /// Routes what was written to the client's caches, as the store does.
  func acknowledged(_ operation: SimulatedOperation, _ response: TransactionResponse, history: Int) {
    let revision = response.header.revision
    let effects = Effects(operation.request, response)
    tell("client \(operation.client): \(operation.kind) answered at \(revision), succeeded: \(response.succeeded)")
    fingerprint.add(revision)
    if history == oracle.current { acknowledged = max(acknowledged, revision) }
    var waiting: [Int] = []
    for cache in caches.indices where caches[cache].client == operation.client && caches[cache].isRunning {
      let mark =
        operation.marks.first { $0.cache == cache }?.mark
        ?? WriteMark(epoch: caches[cache].machine.epoch, known: nil)
      var own: [WriteEffect] = []
      switch effects.route(to: caches[cache].machine.range) {
      case .none: break
      case .follow: waiting.append(cache)
      case .acknowledge(let writes): own = writes.map(caches[cache].keyspace.effect)
      }
      let isOfEpoch = mark.epoch == caches[cache].machine.epoch
      handle(cache, .acknowledged(own, at: revision, changed: effects.changed, sent: mark))
      guard !own.isEmpty, response.succeeded else { continue }
      if isOfEpoch, !caches[cache].machine.isRewound {
        wrote(operation, at: revision, cache)
      } else {
        waiting.append(cache)
      }
    }
    guard response.succeeded else {
      end(operation)
      return refused(operation, response)
    }
    succeeded(operation, response, history: history)
    if waiting.isEmpty {
      end(operation)
    } else if let index = operations.firstIndex(where: { $0.id == operation.id }) {
      operations[index].state = .following(waiting, revision, restores: record.restores)
      followOperations()
    }
  }

  func end(_ operation: SimulatedOperation) { operations.removeAll { $0.id == operation.id } }

  /// Ends the operations whose caches have followed.
  func followOperations() {
    for operation in operations {
      guard case .following(let waiting, let revision, let restores) = operation.state else { continue }
      let isDone = waiting.allSatisfy { cache in
        let machine = caches[cache].machine
        let isLost = restores < record.restores
        let isReached = !caches[cache].isRewound && machine.revision.map { $0 >= revision } ?? false
        return !caches[cache].isRunning || isLost || isReached
      }
      guard isDone else { continue }
      end(operation)
      // What a cache reaches after a restore need not be what was written before.
      guard restores == record.restores else { continue }
      for cache in waiting {
        wrote(operation, at: revision, cache)
      }
    }
  }

  /// From now on the client's readers see the write, or something newer.
  private func wrote(_ operation: SimulatedOperation, at revision: Revision, _ cache: Int) {
    for key in operation.keys where caches[cache].keys.contains(key) {
      caches[cache].observed.raise(key, to: revision, operation.token == nil ? .deleted : .written)
      observe(key, cache)
    }
  }

  private func succeeded(_ operation: SimulatedOperation, _ response: TransactionResponse, history: Int) {
    let revision = response.header.revision
    if let token = operation.token {
      check(.atMostOnce, oracle.tokens[token] == [revision], "an applied write is not in the log at \(revision) alone")
    }
    // Deleting nothing makes no revision.
    let isChange = operation.token != nil || operation.expected != .zero
    let before = oracle.histories[history].state(at: isChange ? revision.previous : revision)
    if let expected = operation.expected, let before {
      let found = before[operation.keys[0]]?.modRevision ?? .zero
      check(.safeCompareAndSet, found == expected, "a compare with \(expected) succeeded over \(found)")
    }
    guard operation.plan != nil, operation.token != nil else { return }
    let after = oracle.histories[history].state(at: revision)
    for (key, write) in zip(operation.keys, Effects(operation.request, response).writes) {
      guard case .put(let keyValue) = write else { continue }
      check(.noThinAir, after?[key] == keyValue, "a write returned \(keyValue), the store has \(after?[key] as Any)")
    }
  }

  private func refused(_ operation: SimulatedOperation, _ response: TransactionResponse) {
    guard let plan = operation.plan else { return }
    let error = plan.refusal(response)
    check(.atMostOnce, error.outcome == .refused, "a refused transaction is told as \(error)")
    if let token = operation.token { outcomes.append(WriteRecord(token: token, outcome: .refused)) }
    if let current = error.current, let index = Keys.index(current.key) {
      check(.noThinAir, oracle.knows(current, index: index), "a refusal tells \(current), which never was")
    }
  }

  func failed(_ operation: SimulatedOperation, _ error: HoldfastError) {
    tell("client \(operation.client): \(operation.kind) failed: \(error)")
    guard operation.kind != .get else { return }
    check(.atMostOnce, error.outcome != nil, "a write that failed does not say what became of it: \(error)")
    if let token = operation.token, let outcome = error.outcome {
      outcomes.append(WriteRecord(token: token, outcome: outcome))
    }
  }

  private func readAnswered(_ operation: SimulatedOperation, _ response: RangeResponse) {
    for keyValue in response.keyValues {
      guard let index = Keys.index(keyValue.key) else { continue }
      check(.noThinAir, oracle.knows(keyValue, index: index), "a read returned \(keyValue), which never was")
    }
  }
}
