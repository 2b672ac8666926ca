extension Store {
  /// What a write that failed comes to: the answer that was lost, where it is proven that the write was applied. Otherwise it
  /// throws, with what is known of the outcome, and revokes the leases of what was refused.
  func resolve(
    _ failure: HoldfastError, _ plan: TransactionPlan, _ request: TransactionRequest, leases: [Int: Lease], sent: Marks
  ) async throws -> TransactionResponse {
    switch await resolution(failure, plan, request, leases: leases, sent: sent) {
    case .applied(let response): return response
    case .appliedUnanswered(let revision):
      var error = failure.with(outcome: .applied)
      error.message = "the write was applied, but its answer is lost: \(failure.message)"
      error.revision = revision
      throw error
    case .refused(let key, let current, let revision):
      await revoke(leases.values)
      var error = plan.refusal(of: key, current: current, revision: revision)
      error.cause = failure
      throw error
    case .unknown:
      // Unknown means that the write may stand, or may yet: its lease must live.
      if failure.outcome == .refused { await revoke(leases.values) }
      throw failure
    }
  }

  private func resolution(
    _ failure: HoldfastError, _ plan: TransactionPlan, _ request: TransactionRequest, leases: [Int: Lease], sent: Marks
  ) async -> ResolutionMachine.Resolution {
    guard failure.outcome == .unknown, request.writes, !resolution.isOff else { return .unknown }
    var machine = ResolutionMachine(
      request, signatures: plan.signatures(leases: leases), known: plan.known(sent.values, leases: leases),
      limit: backend.limits.transactionOperations, configuration: resolution)
    let time = resolution.time
    let deadline = time.now() + resolution.timeout
    var action = machine.handle(.start)
    while true {
      switch action {
      case .read(let request):
        action = machine.handle(await look(request, until: deadline, sent: sent))
      case .wait(let pause):
        guard time.now() + pause < deadline else {
          action = machine.handle(.over)
          continue
        }
        do {
          try await time.sleep(time.now() + pause)
          action = machine.handle(.waited)
        } catch {
          action = machine.handle(.over)
        }
      case .done(let resolution): return resolution
      }
    }
  }

  private func look(
    _ request: TransactionRequest, until deadline: Duration, sent: Marks
  ) async -> ResolutionMachine.Input {
    let time = resolution.time
    let answer: Result<TransactionResponse, HoldfastError>? = await withTaskGroup(
      of: Result<TransactionResponse, HoldfastError>?.self
    ) { group in
      group.addTask {
        do {
          return .success(try await self.backend.transact(request))
        } catch {
          return .failure(HoldfastError(wrapping: error))
        }
      }
      group.addTask {
        try? await time.sleep(deadline)
        return nil
      }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
    switch answer {
    // A cancelled task's requests are not sent.
    case nil: return .over
    case .failure where Task.isCancelled: return .over
    case .failure(let error): return .failed(error)
    case .success(let response):
      let now = marks()
      let isSameEpoch = sent.allSatisfy { id, mark in now[id].map { $0.epoch == mark.epoch } ?? true }
      return .answered(response, isSameEpoch: isSameEpoch)
    }
  }
}
