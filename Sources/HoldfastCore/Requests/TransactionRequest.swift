/// Several operations as one: if all compares hold the success operations, otherwise the failure operations, all at one
/// revision or not at all.
public struct TransactionRequest: Hashable, Sendable {
  public var compares: [Compare]
  public var success: [StoreRequest]
  public var failure: [StoreRequest]

  public init(compares: [Compare] = [], success: [StoreRequest], failure: [StoreRequest] = []) {
    self.compares = compares
    self.success = success
    self.failure = failure
  }
}

public struct TransactionResponse: Hashable, Sendable {
  public var header: ResponseHeader
  /// Whether the compares held, and so which branch was taken.
  public var succeeded: Bool
  /// One answer for each operation of the branch that was taken, in its order.
  public var responses: [StoreResponse]

  public init(header: ResponseHeader, succeeded: Bool, responses: [StoreResponse]) {
    self.header = header
    self.succeeded = succeeded
    self.responses = responses
  }
}

/// One operation of a transaction.
public enum StoreRequest: Hashable, Sendable {
  case range(RangeRequest)
  case put(PutRequest)
  case deleteRange(DeleteRangeRequest)
  indirect case transaction(TransactionRequest)
}

/// The answer to one operation of a transaction.
public enum StoreResponse: Hashable, Sendable {
  case range(RangeResponse)
  case put(PutResponse)
  case deleteRange(DeleteRangeResponse)
  indirect case transaction(TransactionResponse)
}
