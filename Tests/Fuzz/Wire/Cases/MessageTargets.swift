import Holdfast
import HoldfastEtcdMachines
import HoldfastEtcdProtos
import HoldfastFuzzing
import SwiftProtobuf

@testable import HoldfastEtcd

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension FuzzTarget {
  /// Any bytes as the answer to a request: what is mapped answers what was asked, everything else is refused.
  static let messages = FuzzTarget("messages", seeds: answerSeeds) { bytes in
    let rest = Array(bytes.dropFirst())
    switch (bytes.first ?? 0) % 4 {
    case 0:
      guard let answer = try? Wire.RangeResponse(serializedBytes: rest) else { return }
      guard let response = try? RangeResponse(answer) else { return }
      try promise(response.header.revision > .zero, "an answer of no revision")
      try promise(response.keyValues.count == answer.kvs.count, "keys got lost")
      for (keyValue, wire) in zip(response.keyValues, answer.kvs) {
        try promise(keyValue.key.bytes == Array(wire.key) && keyValue.value == Array(wire.value), "another key-value")
      }
    case 1:
      if let answer = try? Wire.PutResponse(serializedBytes: rest), let response = try? PutResponse(answer) {
        try promise((response.previous != nil) == answer.hasPrevKv, "a previous value out of nowhere")
      }
    case 2:
      if let answer = try? Wire.DeleteRangeResponse(serializedBytes: rest),
        let response = try? DeleteRangeResponse(answer)
      {
        try promise(response.deleted == answer.deleted, "another number of keys")
      }
    default: try checkTransaction(rest)
    }
  }

  private static let request = TransactionRequest(
    compares: [Compare(key: "/p/a", .version(1))],
    success: [
      .range(RangeRequest(.prefix("/p/"))), .put(PutRequest(key: "/p/a", value: [1], previous: true)),
      .deleteRange(DeleteRangeRequest(.key("/p/b"), previous: true)),
      .transaction(TransactionRequest(success: [.range(RangeRequest(.key("/p/c")))])),
    ], failure: [.range(RangeRequest(.key("/p/a")))])

  private static func checkTransaction(_ bytes: [UInt8]) throws {
    guard let answer = try? Wire.TxnResponse(serializedBytes: bytes),
      let response = try? TransactionResponse(answer, to: request)
    else { return }
    try match(request, response)
    _ = Effects(request, response).route(to: .prefix("/p/"))
  }

  private static func match(_ request: TransactionRequest, _ response: TransactionResponse) throws {
    let branch = response.succeeded ? request.success : request.failure
    try promise(branch.count == response.responses.count, "an operation without its answer")
    for pair in zip(branch, response.responses) {
      switch pair {
      case (.range, .range), (.put, .put), (.deleteRange, .deleteRange): break
      case (.transaction(let request), .transaction(let response)): try match(request, response)
      default: throw BrokenPromise("an operation was answered as another")
      }
    }
  }

  private static let answerSeeds: [[UInt8]] = {
    let header = Wire.Header.with { ($0.clusterID, $0.memberID, $0.revision, $0.raftTerm) = (1, 2, 9, 3) }
    let keyValue = Wire.KeyValue.with {
      ($0.key, $0.value) = (Data("/p/a".utf8), Data("\"a\"     ".utf8))
      ($0.createRevision, $0.modRevision, $0.version, $0.lease) = (5, 9, 2, 7)
    }
    let range = Wire.RangeResponse.with { ($0.header, $0.kvs, $0.count) = (header, [keyValue], 1) }
    let put = Wire.PutResponse.with { ($0.header, $0.prevKv) = (header, keyValue) }
    let delete = Wire.DeleteRangeResponse.with { ($0.header, $0.deleted, $0.prevKvs) = (header, 1, [keyValue]) }
    let inner = Wire.TxnResponse.with { ($0.succeeded, $0.responses) = (true, [.with { $0.responseRange = range }]) }
    let transaction = Wire.TxnResponse.with {
      ($0.header, $0.succeeded) = (header, true)
      $0.responses = [
        .with { $0.responseRange = range }, .with { $0.responsePut = put }, .with { $0.responseDeleteRange = delete },
        .with { $0.responseTxn = inner },
      ]
    }
    // As deep as it can be told in a message.
    let deep = (0..<90).reduce(inner) { inner, _ in
      .with { ($0.header, $0.succeeded, $0.responses) = (header, true, [.with { $0.responseTxn = inner }]) }
    }
    let all: [any Message] = [range, put, delete, transaction, deep]
    return all.enumerated().compactMap { index, message in
      (try? message.serializedBytes()).map { [UInt8(min(index, 3))] + $0 }
    }
  }()
}
