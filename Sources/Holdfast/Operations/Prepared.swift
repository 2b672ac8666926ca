/// An operation ready to be sent: encoded, with what must hold for it, and how to read the answers to its requests.
package struct Prepared<Result: Sendable>: Sendable {
  var name: String
  /// The options that the operation takes.
  var accepts: Set<OperationOptions.Name>
  var guards: [Guard] = []
  var requests: [StoreRequest]
  /// The time to live of the lease to grant for its puts.
  var ttl: Duration?
  /// Whether no other write makes the bytes of its puts.
  var isUnique = false
  /// Whether its requests may be sent in several transactions, pinned to the revision of the first.
  var isSplittable = false
  package let decode: @Sendable (OperationAnswer) throws -> Result

  init(
    _ name: String, accepts: Set<OperationOptions.Name> = [], guards: [Guard] = [], requests: [StoreRequest],
    isSplittable: Bool = false, decode: @escaping @Sendable (OperationAnswer) throws -> Result
  ) {
    self.name = name
    self.accepts = accepts
    self.guards = guards
    self.requests = requests
    self.isSplittable = isSplittable
    self.decode = decode
  }

  var keys: [Key] { requests.compactMap(\.firstKey) }

  /// Without the type of the result, as the executor needs it.
  package var plan: OperationPlan {
    OperationPlan(
      name: name, guards: guards, requests: requests, ttl: ttl, isSplittable: isSplittable, isUnique: isUnique)
  }
}

/// What one operation brings into a transaction.
package struct OperationPlan: Sendable {
  var name: String
  var guards: [Guard]
  var requests: [StoreRequest]
  var ttl: Duration?
  var isSplittable: Bool
  var isUnique = false
}

/// What a transaction answered to one operation.
package struct OperationAnswer: Sendable {
  var header: ResponseHeader
  /// One for each of the operation's requests.
  var responses: [StoreResponse]
  /// The lease that was granted for it.
  var lease: Lease?

  /// The answers to an operation that consists of ranges.
  func ranges() throws -> [RangeResponse] {
    try responses.map {
      guard case .range(let response) = $0 else { throw unexpected("a range") }
      return response
    }
  }

  func range() throws -> RangeResponse {
    guard let response = try ranges().first else { throw unexpected("a range") }
    return response
  }

  func put() throws -> PutResponse {
    guard case .put(let response) = responses.first else { throw unexpected("a put") }
    return response
  }

  func deleteRange() throws -> DeleteRangeResponse {
    guard case .deleteRange(let response) = responses.first else { throw unexpected("a delete") }
    return response
  }

  private func unexpected(_ wanted: String) -> HoldfastError {
    HoldfastError(.protocolViolation, "the store's answer to \(wanted) is not one", revision: header.revision)
  }
}

/// What must hold for an operation, and what it means when it does not.
struct Guard: Sendable {
  enum Meaning: Sendable {
    case create, revision, condition
    /// What a transaction in memory has read is still so.
    case unchanged
  }

  var compare: Compare
  var meaning: Meaning

  init(_ compare: Compare, _ meaning: Meaning) {
    self.compare = compare
    self.meaning = meaning
  }
}

extension StoreRequest {
  /// The key, or the start of the range, that it concerns.
  var firstKey: Key? {
    switch self {
    case .range(let request): request.range.start
    case .put(let request): request.key
    case .deleteRange(let request): request.range.start
    case .transaction: nil
    }
  }
}
