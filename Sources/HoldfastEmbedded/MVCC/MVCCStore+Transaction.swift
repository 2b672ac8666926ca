package import HoldfastCore

extension MVCCStore {
  /// Commits a transaction: all of the branch that the compares choose, at one revision, or nothing.
  ///
  /// As in etcd the branches are chosen before anything is applied, so the compares of a nested transaction see the state
  /// before the outer one; its reads see what was written before them. Throws, with outcome `refused` where the request can
  /// write: `tooManyOperations`, `duplicateKey`, `requestTooLarge`, `invalidArgument`, and of the chosen branch `keyNotFound`,
  /// `leaseNotFound`, `compacted` and `futureRevision`.
  package mutating func transact(_ request: TransactionRequest) throws -> TransactionResponse {
    func checked() throws -> TransactionPlan {
      try check(request, maximum: limits.transactionOperations)
      if let key = DuplicateCheck.duplicate(in: request) {
        throw failure(.duplicateKey, "a transaction writes a key twice", key: key)
      }
      let plan = chooseBranches(request)
      if request.isWrite {
        try check(size: request.approximateSize)
        try checkPuts(plan)
      }
      try checkRanges(plan)
      return plan
    }
    let plan = request.isWrite ? try Self.refusing(checked) : try checked()
    var pending = PendingChanges(before: revision, revision: revision.next)
    var response = apply(plan, to: &pending)
    commit(pending)
    response.header = header
    return response
  }

  private mutating func apply(_ plan: TransactionPlan, to pending: inout PendingChanges) -> TransactionResponse {
    var responses: [StoreResponse] = []
    responses.reserveCapacity(plan.steps.count)
    for step in plan.steps {
      switch step {
      case .range(let request): responses.append(.range(read(request, current: pending.current)))
      case .put(let request): responses.append(.put(apply(request, to: &pending)))
      case .deleteRange(let request): responses.append(.deleteRange(apply(request, to: &pending)))
      case .transaction(let plan): responses.append(.transaction(apply(plan, to: &pending)))
      }
    }
    return TransactionResponse(header: header(at: pending.current), succeeded: plan.succeeded, responses: responses)
  }
}
