import HoldfastCore
import HoldfastEtcdProtos

/// A request that concerns leases which must exist.
protocol LeasedRequest {
  var leases: [Int64] { get }
}

extension HoldfastError {
  /// With `leaseNotFound` the same, saying which lease, and for which key: etcd says neither.
  func naming(leaseOf request: Any) -> HoldfastError {
    guard code == .leaseNotFound, let leases = (request as? any LeasedRequest)?.leases, let id = leases.first,
      leases.allSatisfy({ $0 == id })
    else { return self }
    var error = self
    error.message = "the lease \(LeaseID(id)) does not exist (any more)"
    if let ranges = (request as? any KeyedRequest)?.ranges.map(\.range), let only = ranges.first, ranges.count == 1,
      only.isSingleKey
    {
      error.key = only.start
    }
    return error
  }
}

extension Etcdserverpb_LeaseRevokeRequest: LeasedRequest {
  var leases: [Int64] { [id] }
}

extension Wire.PutRequest: LeasedRequest {
  var leases: [Int64] { lease == 0 ? [] : [lease] }
}

extension Wire.TxnRequest: LeasedRequest {
  var leases: [Int64] { (success + failure).flatMap(\.leases) }
}

extension Wire.RequestOp: LeasedRequest {
  var leases: [Int64] {
    switch request {
    case .requestPut(let put): put.leases
    case .requestTxn(let transaction): transaction.leases
    case .requestRange, .requestDeleteRange, nil: []
    }
  }
}
