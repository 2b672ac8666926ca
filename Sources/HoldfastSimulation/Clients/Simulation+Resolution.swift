import Holdfast
import HoldfastCore

/// A write whose outcome is unknown, while its store finds out.
struct SimulatedResolution {
  var machine: ResolutionMachine
  let error: HoldfastError
  let deadline: Duration
  /// The end of a pause.
  var wakes: Duration?
}

/// What became of a resolution; counted, so that none of them stays untested.
enum ResolutionKind: String, CaseIterable {
  case resolvedApplied, resolvedUnanswered, resolvedRefused, leftUnknown
}

/// What a store does with a write whose answer was lost: it carries out what the resolution machine says.
extension Simulation {
  /// Gives some writes a lease of their own, as a time to live does.
  func leased(_ operation: SimulatedOperation) -> SimulatedOperation {
    guard let plan = operation.plan, plan.signatures(leases: [:]).isEmpty else { return operation }
    guard [.put, .create, .update, .putPair].contains(operation.kind), choices.chance(40) else { return operation }
    var leased = operation
    let id = LeaseID(Int64(nextID()))
    commit(.grant(id))
    leases.append(id)
    ownLeases.insert(id)
    let lease = Lease(id: id, ttl: .seconds(60), header: ResponseHeader(revision: oracle.revision))
    leased.leases = [0: lease]
    // A pair that expired one by one would not be one.
    if operation.kind == .putPair { leased.leases[1] = lease }
    leased.request = plan.request(leases: leased.leases)
    return leased
  }

  /// What a key holds, for a client that has just read it from the store.
  func justRead(_ key: Key) -> Stored<SimulatedValue>? {
    guard choices.chance(80), let held = Keys.index(key).flatMap({ oracle.state[$0] }) else { return nil }
    return try? Keys.keyspaces[0].decode(held)
  }

  /// Somebody else writes what a write that is under way is about to, or under its nose: another value, or just those bytes
  /// where nobody promised that they are unique.
  func rival() {
    let models = operations.filter { $0.token != nil && $0.keys.count == 1 }
    guard let model = choices.pick(models), case .put(let put)? = model.request.success.first else { return }
    tell("somebody is a rival of the \(model.kind) of client \(model.client)")
    let isUnique = !(model.plan?.signatures(leases: [:]).isEmpty ?? true)
    guard !isUnique, choices.chance(50) else {
      return commit(.put(PutRequest(key: put.key, value: SimulatedCodec.bytes(token: nextToken()) + put.key.bytes)))
    }
    commit(.put(PutRequest(key: put.key, value: put.value)), isImitation: true)
  }

  /// Begins to find out; false where the store would not.
  func resolve(_ operation: SimulatedOperation, _ error: HoldfastError) -> Bool {
    guard error.outcome == .unknown, let plan = operation.plan else { return false }
    let machine = ResolutionMachine(
      operation.request, signatures: plan.signatures(leases: operation.leases),
      known: plan.known(operation.marks.map(\.mark), leases: operation.leases), limit: 128)
    // More than a store gives itself, because here one step may take six seconds.
    let timeout = Duration.seconds(30)
    step(operation.id, SimulatedResolution(machine: machine, error: error, deadline: now + timeout), .start)
    return true
  }

  func resolutionAnswered(_ id: Int, _ result: Result<CallAnswer, HoldfastError>, history: Int) {
    guard let operation = operations.first(where: { $0.id == id }), case .resolving(let resolution) = operation.state
    else { return }
    switch result {
    case .success(.transact(let response)):
      let isSameEpoch = operation.marks.allSatisfy { cache, mark in
        caches[cache].machine.epoch == mark.epoch && !caches[cache].machine.isRewound
      }
      step(id, resolution, .answered(response, isSameEpoch: isSameEpoch), history: history)
    case .failure(let error): step(id, resolution, .failed(error))
    case .success(.range): break
    }
  }

  private func step(
    _ id: Int, _ resolution: SimulatedResolution, _ input: ResolutionMachine.Input, history: Int? = nil
  ) {
    guard let index = operations.firstIndex(where: { $0.id == id }) else { return }
    var resolution = resolution
    resolution.wakes = nil
    let action = resolution.machine.handle(input)
    if case .wait(let pause) = action { resolution.wakes = now + pause }
    operations[index].state = .resolving(resolution)
    switch action {
    case .read(let request): call(operations[index].client, .resolution(id), .transact(request))
    case .wait: break
    case .done(let result): finish(operations[index], resolution, result, history: history ?? oracle.current)
    }
  }

  private func finish(
    _ operation: SimulatedOperation, _ resolution: SimulatedResolution, _ result: ResolutionMachine.Resolution,
    history: Int
  ) {
    tell("client \(operation.client): \(operation.kind) resolved: \(result)")
    switch result {
    case .applied(let response):
      count(.resolvedApplied)
      acknowledged(operation, response, history: history)
    case .appliedUnanswered(let revision):
      count(.resolvedUnanswered)
      end(operation)
      let times = operation.token.flatMap { oracle.tokens[$0] } ?? []
      check(
        .atMostOnce, times.count == 1 && times[0] <= revision, "told as applied by \(revision), and it is at \(times)")
    case .refused(_, let current, let revision):
      count(.resolvedRefused)
      end(operation)
      wasRefused(operation, by: current, at: revision, history: history)
    case .unknown:
      count(.leftUnknown)
      end(operation)
      failed(operation, resolution.error)
    }
  }

  private func wasRefused(_ operation: SimulatedOperation, by current: KeyValue, at revision: Revision, history: Int) {
    // Of a history that is gone nobody can be told anything. In the one that there is, it never was and never will be.
    let gone = operation.restores == record.restores ? 0 : timesGone(operation.token, history)
    if let token = operation.token {
      outcomes.append(WriteRecord(token: token, outcome: .refused, timesGone: gone))
    }
    if let expected = operation.expected {
      check(.safeCompareAndSet, current.modRevision > expected, "refused by what it was to replace")
    }
    let held = Keys.index(current.key).flatMap { oracle.histories[history].state(at: revision)?[$0] }
    check(.noThinAir, held == current, "refused by \(current), and the store has \(held as Any)")
    for lease in operation.leases.values where leases.contains(lease.id) {
      leases.removeAll { $0 == lease.id }
      commit(.revoke(lease.id))
    }
  }

  /// How often a write is in histories only that the store does not have any more.
  private func timesGone(_ token: UInt32?, _ history: Int) -> Int {
    guard let token, history == oracle.current else { return 0 }
    let isHeld = oracle.histories[history].states.contains { state in
      state.contains { held in
        guard let held, !oracle.histories[history].imitations.contains(held.modRevision) else { return false }
        return SimulatedCodec.token(held.value) == token
      }
    }
    return isHeld ? 0 : oracle.tokens[token]?.count ?? 0
  }

  func fireResolutionTimers() {
    for operation in operations {
      guard case .resolving(let resolution) = operation.state else { continue }
      if resolution.deadline <= now {
        calls.removeAll { if case .resolution(operation.id) = $0.purpose { true } else { false } }
        step(operation.id, resolution, .over)
      } else if let wakes = resolution.wakes, wakes <= now {
        step(operation.id, resolution, .waited)
      }
    }
  }

  var resolutionTimers: [Duration] {
    operations.flatMap { operation -> [Duration] in
      guard case .resolving(let resolution) = operation.state else { return [] }
      return [resolution.deadline, resolution.wakes].compactMap { $0 }
    }
  }

  private func count(_ kind: ResolutionKind) { record.resolutions[kind.rawValue, default: 0] += 1 }
}
