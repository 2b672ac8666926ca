internal import HoldfastCore

extension MVCCStore {
  /// What etcd refuses before it looks at the store.
  func check(_ request: PutRequest) throws {
    if request.key.isEmpty { throw failure(.invalidArgument, "the key is empty") }
    if request.ignoreValue && !request.value.isEmpty {
      throw failure(.invalidArgument, "a put that keeps the value has a value", key: request.key)
    }
    if request.ignoreLease && request.attachedLease != nil {
      throw failure(.invalidArgument, "a put that keeps the lease has a lease", key: request.key)
    }
  }

  func checkLease(_ request: PutRequest) throws {
    guard let lease = request.attachedLease, !leases.contains(lease) else { return }
    throw failure(.leaseNotFound, "there is no lease \(lease)", key: request.key)
  }

  func checkKeyExists(_ request: PutRequest) throws {
    guard request.ignoreValue || request.ignoreLease, latest(request.key) == nil else { return }
    throw failure(.keyNotFound, "a put that keeps the value or the lease needs the key to exist", key: request.key)
  }
}

extension PutRequest {
  /// Lease 0 is how etcd writes that there is none.
  var attachedLease: LeaseID? { lease?.rawValue == 0 ? nil : lease }

  /// Key and value with an allowance for etcd's encoding.
  var approximateSize: Int { key.bytes.count + value.count + 32 }
}

extension DeleteRangeRequest {
  var approximateSize: Int { range.approximateSize }
}

extension KeyRange {
  var approximateSize: Int { start.bytes.count + (end?.bytes.count ?? 0) + 32 }
}
