internal import HoldfastCore

extension MVCCStore {
  /// What etcd refuses in a transaction before it looks at the store: too many operations, and operations that could never
  /// work, whichever branch they are in. A nested transaction may have as many as the outer one left over.
  func check(_ request: TransactionRequest, maximum: Int) throws {
    let count = max(request.compares.count, request.success.count, request.failure.count)
    if count > maximum {
      throw failure(.tooManyOperations, "a transaction has \(count) operations where \(maximum) are allowed")
    }
    for compare in request.compares { try check(compare.range) }
    for operation in request.success + request.failure {
      switch operation {
      case .range(let request): try check(request.range)
      case .put(let request): try check(request)
      case .deleteRange(let request): try check(request.range)
      case .transaction(let request): try check(request, maximum: maximum - count)
      }
    }
  }
}

extension TransactionRequest {
  /// Whether any branch could write.
  var isWrite: Bool {
    (success + failure).contains { operation in
      switch operation {
      case .range: false
      case .put, .deleteRange: true
      case .transaction(let request): request.isWrite
      }
    }
  }

  /// Keys and values with an allowance for etcd's encoding.
  var approximateSize: Int {
    let compares = compares.reduce(0) { sum, compare in
      guard case .value(let value) = compare.target else { return sum + compare.range.approximateSize }
      return sum + compare.range.approximateSize + value.count
    }
    return (success + failure).reduce(compares) { sum, operation in
      switch operation {
      case .range(let request): sum + request.range.approximateSize
      case .put(let request): sum + request.approximateSize
      case .deleteRange(let request): sum + request.approximateSize
      case .transaction(let request): sum + request.approximateSize
      }
    }
  }
}
