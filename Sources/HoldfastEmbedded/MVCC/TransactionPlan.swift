internal import HoldfastCore

/// A transaction whose branches have been chosen.
struct TransactionPlan {
  enum Step {
    case range(RangeRequest)
    case put(PutRequest)
    case deleteRange(DeleteRangeRequest)
    indirect case transaction(TransactionPlan)
  }

  var succeeded: Bool
  var steps: [Step]
}

extension MVCCStore {
  /// Chooses the branches by the state as it is now, those of nested transactions too.
  func chooseBranches(_ request: TransactionRequest) -> TransactionPlan {
    let succeeded = request.compares.allSatisfy(holds)
    let steps = (succeeded ? request.success : request.failure).map { operation -> TransactionPlan.Step in
      switch operation {
      case .range(let request): .range(request)
      case .put(let request): .put(request)
      case .deleteRange(let request): .deleteRange(request)
      case .transaction(let request): .transaction(chooseBranches(request))
      }
    }
    return TransactionPlan(succeeded: succeeded, steps: steps)
  }

  /// etcd compares every key of a range, and where there is none one absent key.
  private func holds(_ compare: Compare) -> Bool {
    var isEmpty = true
    var holds = true
    index.forEach(in: compare.range) { _, history in
      guard let keyValue = history.latest else { return true }
      isEmpty = false
      holds = compare.holds(for: keyValue)
      return holds
    }
    return isEmpty ? compare.holds(for: nil) : holds
  }

  func checkPuts(_ plan: TransactionPlan) throws {
    for step in plan.steps {
      switch step {
      case .put(let request):
        try checkKeyExists(request)
        try checkLease(request)
      case .transaction(let plan): try checkPuts(plan)
      case .range, .deleteRange: break
      }
    }
  }

  func checkRanges(_ plan: TransactionPlan) throws {
    for step in plan.steps {
      switch step {
      case .range(let request): try check(readableAt: request.revision)
      case .transaction(let plan): try checkRanges(plan)
      case .put, .deleteRange: break
      }
    }
  }
}
