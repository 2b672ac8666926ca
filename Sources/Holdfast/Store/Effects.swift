/// What a transaction that was answered has written, read off its request and its answer: the branch that was taken, nested
/// ones too.
struct Effects: Equatable, Sendable {
  /// Puts and deletes of which everything is known.
  var writes: [AcknowledgedWrite] = []
  /// Keys that were written, of which version and create revision are not known (no previous value was asked for).
  var unresolved: [Key] = []

  init() {}

  init(_ request: TransactionRequest, _ response: TransactionResponse) {
    add(request, response, revision: response.header.revision)
  }

  private mutating func add(_ request: TransactionRequest, _ response: TransactionResponse, revision: Revision) {
    for (request, response) in zip(response.succeeded ? request.success : request.failure, response.responses) {
      switch (request, response) {
      case (.put(let put), .put(let answer)): add(put, previous: answer.previous, revision: revision)
      case (.deleteRange(let delete), .deleteRange): writes.append(.delete(delete.range))
      case (.transaction(let inner), .transaction(let answer)): add(inner, answer, revision: revision)
      default: continue
      }
    }
  }

  private mutating func add(_ put: PutRequest, previous: KeyValue?, revision: Revision) {
    // Without having asked, nothing says whether the key existed.
    guard put.previous, previous != nil || !(put.ignoreValue || put.ignoreLease) else {
      unresolved.append(put.key)
      return
    }
    writes.append(.put(put.written(previous: previous, at: revision).current))
  }
}

extension StoreRequest {
  /// Whether it may change something.
  var writes: Bool {
    switch self {
    case .range: false
    case .put, .deleteRange: true
    case .transaction(let request): request.writes
    }
  }
}

extension TransactionRequest {
  var writes: Bool { success.contains(where: \.writes) || failure.contains(where: \.writes) }
}

extension OperationPlan {
  var writes: Bool { requests.contains(where: \.writes) }
}
