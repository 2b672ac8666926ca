import HoldfastCore
import HoldfastEtcdProtos
import SwiftProtobuf

// What answers a request by itself brings its own header; inside of a transaction the transaction's counts, because etcd
// fills in no more than a revision there.

extension RangeResponse {
  init(_ response: Wire.RangeResponse, header: ResponseHeader) throws {
    self.init(
      header: header, keyValues: try response.kvs.map { try KeyValue($0, at: header.revision) }, more: response.more,
      count: response.count)
  }

  init(_ response: Wire.RangeResponse) throws {
    try self.init(response, header: ResponseHeader(response.hasHeader ? response.header : nil))
  }

  /// What ``init(_:)`` makes of the message that these bytes are.
  init(serializedBytes bytes: [UInt8]) throws {
    guard let plain = try PlainWire.range(bytes) else {
      self = try RangeResponse(Wire.RangeResponse(serializedBytes: bytes))
      return
    }
    try self.init(Wire.RangeResponse(serializedBytes: plain.rest))
    keyValues = plain.keyValues
  }
}

extension PutResponse {
  init(_ response: Wire.PutResponse, header: ResponseHeader) throws {
    self.init(
      header: header, previous: response.hasPrevKv ? try KeyValue(response.prevKv, at: header.revision) : nil)
  }

  init(_ response: Wire.PutResponse) throws {
    try self.init(response, header: ResponseHeader(response.hasHeader ? response.header : nil))
  }
}

extension DeleteRangeResponse {
  init(_ response: Wire.DeleteRangeResponse, header: ResponseHeader) throws {
    self.init(
      header: header, deleted: response.deleted,
      previous: try response.prevKvs.map { try KeyValue($0, at: header.revision) })
  }

  init(_ response: Wire.DeleteRangeResponse) throws {
    try self.init(response, header: ResponseHeader(response.hasHeader ? response.header : nil))
  }
}

extension TransactionResponse {
  /// - Throws: `MalformedAnswer` when the answers are not those of the branch that was taken.
  init(_ response: Wire.TxnResponse, to request: TransactionRequest, header: ResponseHeader) throws {
    let branch = response.succeeded ? request.success : request.failure
    guard branch.count == response.responses.count else {
      throw MalformedAnswer(
        "\(response.responses.count) answers to \(branch.count) operations", revision: header.revision)
    }
    let responses = try zip(branch, response.responses).map { request, response in
      try StoreResponse(response, to: request, header: header)
    }
    self.init(header: header, succeeded: response.succeeded, responses: responses)
  }

  init(_ response: Wire.TxnResponse, to request: TransactionRequest) throws {
    let header = try ResponseHeader(response.hasHeader ? response.header : nil)
    try self.init(response, to: request, header: header)
  }
}

extension StoreResponse {
  init(_ response: Wire.ResponseOp, to request: StoreRequest, header: ResponseHeader) throws {
    switch (request, response.response) {
    case (.range, .responseRange(let response)): self = .range(try RangeResponse(response, header: header))
    case (.put, .responsePut(let response)): self = .put(try PutResponse(response, header: header))
    case (.deleteRange, .responseDeleteRange(let response)):
      self = .deleteRange(try DeleteRangeResponse(response, header: header))
    case (.transaction(let request), .responseTxn(let response)):
      self = .transaction(try TransactionResponse(response, to: request, header: header))
    default:
      throw MalformedAnswer("an operation was answered as if it were another one", revision: header.revision)
    }
  }
}
