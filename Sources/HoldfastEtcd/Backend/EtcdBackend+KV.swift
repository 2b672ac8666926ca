public import HoldfastCore
import HoldfastEtcdMachines
import HoldfastEtcdProtos

extension EtcdBackend {
  public func range(_ request: RangeRequest) async throws(HoldfastError) -> RangeResponse {
    try await caller.call(
      .range, Wire.RangeRequest(request), .read, timeout: configuration.requestTimeout, isLocal: request.serializable
    ) { (answer: [UInt8]) in
      try RangeResponse(serializedBytes: answer)
    }
  }

  public func put(_ request: PutRequest) async throws(HoldfastError) -> PutResponse {
    do {
      return try await caller.call(.put, Wire.PutRequest(request), .write, timeout: configuration.requestTimeout) {
        (answer: Wire.PutResponse) in try PutResponse(answer)
      }
    } catch {
      var error = error
      error.key = request.key
      throw error
    }
  }

  public func deleteRange(_ request: DeleteRangeRequest) async throws(HoldfastError) -> DeleteRangeResponse {
    try await caller.call(
      .deleteRange, Wire.DeleteRangeRequest(request), .write, timeout: configuration.requestTimeout
    ) {
      (answer: Wire.DeleteRangeResponse) in try DeleteRangeResponse(answer)
    }
  }

  public func transact(_ request: TransactionRequest) async throws(HoldfastError) -> TransactionResponse {
    // What needs no transaction is none: the server can be told to stop in the midst of a range (see `runsToItsEnd`).
    if request.compares.isEmpty, request.success.count == 1, case .range(let range) = request.success[0] {
      let answer = try await self.range(range)
      return TransactionResponse(header: answer.header, succeeded: true, responses: [.range(answer)])
    }
    let isRead = request.isRead
    return try await caller.call(
      .transact, Wire.TxnRequest(request), isRead ? .read : .write, timeout: configuration.requestTimeout,
      isLocal: request.isSerializable
    ) {
      (answer: Wire.TxnResponse) in try TransactionResponse(answer, to: request)
    }
  }

  /// A compaction's own failure after it was begun is `unknown`; asking again is harmless. `physical` may take longer than
  /// `requestTimeout` on a large store: the server goes on with it all the same.
  public func compact(_ request: CompactRequest) async throws(HoldfastError) -> ResponseHeader {
    var message = Etcdserverpb_CompactionRequest()
    message.revision = request.revision.rawValue
    message.physical = request.physical
    return try await caller.call(.compact, message, .write, timeout: configuration.requestTimeout) {
      (answer: Etcdserverpb_CompactionResponse) in try ResponseHeader(answer.hasHeader ? answer.header : nil)
    }
  }
}

extension TransactionRequest {
  /// Whether a member answers by itself: it only reads, and all of it without a quorum.
  var isSerializable: Bool {
    (success + failure).allSatisfy { operation in
      switch operation {
      case .range(let range): range.serializable
      case .put, .deleteRange: false
      case .transaction(let nested): nested.isSerializable
      }
    }
  }

  /// Whether it changes nothing whichever branch is taken: it may be repeated, and has no outcome.
  var isRead: Bool {
    (success + failure).allSatisfy { operation in
      switch operation {
      case .range: true
      case .put, .deleteRange: false
      case .transaction(let nested): nested.isRead
      }
    }
  }
}
