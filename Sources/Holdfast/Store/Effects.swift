/// What a transaction that was answered has written, read off its request and its answer: the branch that was taken, nested
/// ones too.
package struct Effects: Equatable, Sendable {
  /// Puts and deletes of which everything is known.
  package var writes: [AcknowledgedWrite] = []
  /// Whether anything in the store changed: deleting nothing is no change.
  package private(set) var changed = false
  /// Keys that were written, of which version and create revision are not known (no previous value was asked for).
  var unresolved: [Key] = []

  init() {}

  package init(_ request: TransactionRequest, _ response: TransactionResponse) {
    add(request, response, revision: response.header.revision)
  }

  private mutating func add(_ request: TransactionRequest, _ response: TransactionResponse, revision: Revision) {
    for (request, response) in zip(response.succeeded ? request.success : request.failure, response.responses) {
      switch (request, response) {
      case (.put(let put), .put(let answer)):
        changed = true
        add(put, previous: answer.previous, revision: revision)
      case (.deleteRange(let delete), .deleteRange(let answer)):
        if answer.deleted > 0 { changed = true }
        writes.append(.delete(delete.range))
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

extension Effects {
  /// How a cache of some range learns of the writes.
  package enum Route: Equatable, Sendable {
    /// They do not concern it.
    case none
    case acknowledge([AcknowledgedWrite])
    /// It has to wait until its watch has delivered them.
    case follow
  }

  /// Half of a transaction must not be seen: where a part has to wait for the watch, the rest comes with it.
  package func route(to range: KeyRange) -> Route {
    if unresolved.contains(where: range.contains) { return .follow }
    let own = writes.filter { $0.concerns(range) }
    return own.isEmpty ? .none : .acknowledge(own)
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
