import Holdfast
import HoldfastCore
import HoldfastEtcdMachines

/// What a client's caller does: it carries out what the retry machine says.
extension Simulation {
  func call(_ client: Int, _ purpose: SimulatedCall.Purpose, _ request: CallRequest) {
    var call = SimulatedCall(
      id: nextID(), client: client, purpose: purpose, request: request, members: clients[client].members.count)
    let actions = call.retry.handle(.start(now: now))
    calls.append(call)
    act(on: call.id, actions)
  }

  func cancelCall(for cache: Int) {
    calls.removeAll { call in
      switch call.purpose {
      case .list(cache, _), .anchor(cache, _): true
      default: false
      }
    }
  }

  /// Does what the machine of a call says.
  private func act(on id: Int, _ actions: [RetryMachine.Action]) {
    guard let index = calls.firstIndex(where: { $0.id == id }) else { return }
    let client = calls[index].client
    var actions = actions
    while !actions.isEmpty {
      switch actions.removeFirst() {
      case .attempt(let limit):
        let turn = clients[client].callEndpoints.current
        calls[index].attempt += 1
        calls[index].state = .inFlight(turn, deadline: now + limit)
        packets.append(
          Packet(
            call: id, attempt: calls[index].attempt, member: clients[client].members[turn.endpoint],
            payload: .request(calls[index].request)))
      // Simulated clients have no credentials.
      case .renewToken: break
      case .keepEndpoint: keepEndpoint(of: calls[index])
      case .leaveEndpoint(let resumes):
        guard case .inFlight(let turn, _) = calls[index].state else { continue }
        let next = clients[client].callEndpoints.handle(.failed(turn, jitter: 1))
        guard resumes, case .use(_, let delay)? = next.first else { continue }
        actions += calls[index].retry.handle(.mayResume(after: delay, now: now))
      case .wait(let duration): calls[index].state = .waiting(until: now + duration)
      case .fail(let error): return finish(calls.remove(at: index), .failure(error), history: oracle.current)
      }
    }
  }

  private func keepEndpoint(of call: SimulatedCall) {
    guard case .inFlight(let turn, _) = call.state else { return }
    _ = clients[call.client].callEndpoints.handle(.succeeded(turn))
  }

  /// An attempt came to an end. What is late for an earlier one is of no interest any more.
  func answered(_ id: Int, attempt: Int, _ result: Result<CallAnswer, CallFailure>, history: Int) {
    guard let index = calls.firstIndex(where: { $0.id == id && $0.attempt == attempt }) else { return }
    guard case .inFlight = calls[index].state else { return }
    switch result {
    case .success(let answer):
      keepEndpoint(of: calls[index])
      finish(calls.remove(at: index), .success(answer), history: history)
    case .failure(let failure):
      act(on: id, calls[index].retry.handle(.failed(failure, now: now)))
    }
  }

  private func finish(_ call: SimulatedCall, _ result: Result<CallAnswer, HoldfastError>, history: Int) {
    switch call.purpose {
    case .resolution(let operation): resolutionAnswered(operation, result, history: history)
    case .operation(let id):
      if let operation = operations.first(where: { $0.id == id }) {
        remember(operation, result, history: history, stale: staleCalls.contains(call.id))
      }
      finishOperation(id, result, history: history)
    case .list(let cache, let attempt): pageArrived(cache, attempt, call.id, result)
    case .anchor(let cache, let attempt): anchorArrived(cache, attempt, result)
    case .probe(let cache, let probe): probeArrived(cache, probe, call.id, result)
    case .verification(let verification): verificationArrived(verification, result)
    }
  }

  /// Fires the timers of calls that are due.
  func fireCallTimers() {
    for call in calls {
      switch call.state {
      case .inFlight(_, let deadline) where deadline <= now:
        inject(.timeout)
        let failure = CallFailure(.deadlineExceeded, "no answer in time", progress: .unknown)
        answered(call.id, attempt: call.attempt, .failure(failure), history: oracle.current)
      case .waiting(let until) where until <= now:
        guard let index = calls.firstIndex(where: { $0.id == call.id }) else { continue }
        act(on: call.id, calls[index].retry.handle(.waited(now: now)))
      default: continue
      }
    }
  }

  var nextCallTimer: Duration? {
    calls.map { call in
      switch call.state {
      case .inFlight(_, let deadline): deadline
      case .waiting(let until): until
      }
    }.min()
  }
}
