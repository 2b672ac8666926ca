/// Several operations as one request to the store: pure, from plans to a request, and from its answer back to each plan.
package struct TransactionPlan: Sendable {
  var operations: [OperationPlan]
  /// Conditions of the whole transaction.
  var conditions: [Condition]

  package init(operations: [OperationPlan], conditions: [Condition] = []) {
    self.operations = operations
    self.conditions = conditions
  }

  var guards: [Guard] {
    conditions.map { Guard($0.compare, .condition) } + operations.flatMap(\.guards)
  }

  /// The key that all of it is about, conditions included, where it is one.
  var onlyKey: Key? {
    let asked = operations.flatMap(\.requests).map { request -> KeyRange? in
      switch request {
      case .range(let request): request.range
      case .put(let request): .key(request.key)
      case .deleteRange(let request): request.range
      case .transaction: nil
      }
    }
    let ranges = asked + guards.map(\.compare.range)
    guard let first = ranges.first, let range = first, range.isSingleKey, ranges.allSatisfy({ $0 == range }) else {
      return nil
    }
    return range.start
  }

  /// The request, with the leases that were granted for operations (by index).
  ///
  /// The failure branch reads what every guard looks at, so that a refusal can name the guard and what is there instead.
  package func request(leases: [Int: Lease] = [:]) -> TransactionRequest {
    var seen: Set<RangeRequest> = []
    let reads = guards.map(\.compare.violation).filter { seen.insert($0).inserted }
    return TransactionRequest(
      compares: guards.map(\.compare),
      success: operations.enumerated().flatMap { index, operation in
        operation.requests.map { $0.attaching(leases[index]?.id) }
      },
      failure: reads.map { .range($0) })
  }

  /// Refuses, by name and before anything is sent, what no store accepts.
  func validate(_ request: TransactionRequest, limits: BackendLimits) throws {
    let count = max(request.compares.count, request.success.count, request.failure.count)
    if count > limits.transactionOperations {
      let names = operations.map { "\($0.name) ×\($0.requests.count)" }
      throw HoldfastError(
        .tooManyOperations,
        "\(count) operations or compares in one transaction; the store takes \(limits.transactionOperations) "
          + "(\(summary(names))). Split the transaction", outcome: refused)
    }
    for operation in operations {
      if let ttl = operation.ttl, ttl <= .zero {
        throw HoldfastError(
          .invalidArgument, "the time to live is \(ttl); it must be positive", key: operation.requests.first?.firstKey,
          outcome: refused)
      }
    }
    try request.success.checkOverlap()
  }

  /// The answers of a transaction that succeeded, one for each operation.
  package func answers(_ response: TransactionResponse, leases: [Int: Lease]) throws -> [OperationAnswer] {
    guard response.responses.count == operations.reduce(0, { $0 + $1.requests.count }) else {
      throw HoldfastError(
        .protocolViolation,
        "the store answered \(response.responses.count) operations of a transaction with another number",
        outcome: refused == nil ? nil : .applied, revision: response.header.revision)
    }
    var rest = response.responses[...]
    return operations.enumerated().map { index, operation in
      let own = rest.prefix(operation.requests.count)
      rest = rest.dropFirst(operation.requests.count)
      return OperationAnswer(header: response.header, responses: Array(own), lease: leases[index])
    }
  }

  /// Why a transaction was refused: the first guard that does not hold for what the failure branch read.
  package func refusal(_ response: TransactionResponse) -> HoldfastError {
    let held = response.responses.reduce(into: [KeyValue]()) { all, answer in
      if case .range(let range) = answer { all += range.keyValues }
    }
    let revision = response.header.revision
    for entry in guards {
      let own = held.filter { entry.compare.range.contains($0.key) }
      let violating = own.first { !entry.compare.holds(for: $0) }
      if let violating {
        let isWhole = !entry.compare.violation.keysOnly
        return entry.refusal(
          violating.key, current: isWhole ? violating : nil, revision: revision, outcome: refused)
      }
      if own.isEmpty, !entry.compare.holds(for: nil) {
        return entry.refusal(entry.compare.range.start, current: nil, revision: revision, outcome: refused)
      }
    }
    // Of a large range only a part was read.
    if let large = guards.first(where: { !$0.compare.range.isSingleKey }) {
      return large.refusal(large.compare.range.start, current: nil, revision: revision, outcome: refused)
    }
    return HoldfastError(
      .constraintViolated, "the store refused the transaction, and every condition holds in what it answered",
      outcome: refused, revision: revision)
  }

  /// What a refusal means: nothing for what only reads.
  private var refused: HoldfastError.Outcome? { operations.contains(where: \.writes) ? .refused : nil }

  private func summary(_ names: [String]) -> String {
    names.count <= 5 ? names.joined(separator: ", ") : names.prefix(5).joined(separator: ", ") + ", …"
  }
}

extension Guard {
  func refusal(
    _ key: Key, current: KeyValue?, revision: Revision, outcome: HoldfastError.Outcome?
  ) -> HoldfastError {
    let code: HoldfastError.Code
    let message: String
    switch (meaning, compare.target) {
    case (.create, _):
      code = .alreadyExists
      message = "the key exists since revision \(current?.createRevision ?? .zero)"
    case (.revision, .modRevision(.zero)):
      code = .revisionMismatch
      message = "the key exists already, at revision \(current?.modRevision ?? .zero)"
    case (.revision, .modRevision(let expected)):
      code = .revisionMismatch
      let found = current.map { "at revision \($0.modRevision)" } ?? "gone"
      message = "the key was expected at revision \(expected) and is \(found); read it again and repeat the change"
    case (.unchanged, _):
      code = .revisionMismatch
      message = "something that was read has changed since"
    default:
      code = .constraintViolated
      message = "the condition \(compare) does not hold"
    }
    return HoldfastError(
      code, message, key: key, outcome: outcome, revision: revision, current: current)
  }
}

extension Compare {
  /// Reads what tells why the compare does not hold: a key whole, of a range no more than one violating key or, where the
  /// store cannot look for one, a part of its keys.
  var violation: RangeRequest {
    var request = RangeRequest(range)
    if range.isSingleKey { return request }
    request.limit = 1
    switch (target, relation) {
    case (.createRevision(.zero), .equal): break
    case (.modRevision(let bound), .less): request.minModRevision = bound
    case (.createRevision(let bound), .less): request.minCreateRevision = bound
    default:
      request.limit = 1_000
      if case .value = target {} else { request.keysOnly = true }
    }
    return request
  }
}

extension StoreRequest {
  /// The request with the lease in its put.
  func attaching(_ lease: LeaseID?) -> StoreRequest {
    guard let lease, case .put(var request) = self else { return self }
    request.lease = lease
    return .put(request)
  }
}
