import HoldfastCore
import HoldfastEtcdProtos

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension Wire.RangeRequest {
  init(_ request: RangeRequest) {
    self.init()
    let range = WireRange(request.range)
    key = Data(range.key)
    rangeEnd = Data(range.end)
    limit = request.limit
    revision = request.revision?.rawValue ?? 0
    sortOrder =
      switch request.sortOrder {
      case .none: .none
      case .ascending: .ascend
      case .descending: .descend
      }
    sortTarget =
      switch request.sortTarget {
      case .key: .key
      case .version: .version
      case .createRevision: .create
      case .modRevision: .mod
      case .value: .value
      }
    serializable = request.serializable
    keysOnly = request.keysOnly
    countOnly = request.countOnly
    minModRevision = request.minModRevision?.rawValue ?? 0
    maxModRevision = request.maxModRevision?.rawValue ?? 0
    minCreateRevision = request.minCreateRevision?.rawValue ?? 0
    maxCreateRevision = request.maxCreateRevision?.rawValue ?? 0
  }
}

extension Wire.PutRequest {
  init(_ request: PutRequest) {
    self.init()
    key = request.key.data
    value = Data(request.value)
    lease = request.lease?.rawValue ?? 0
    prevKv = request.previous
    ignoreValue = request.ignoreValue
    ignoreLease = request.ignoreLease
  }
}

extension Wire.DeleteRangeRequest {
  init(_ request: DeleteRangeRequest) {
    self.init()
    let range = WireRange(request.range)
    key = Data(range.key)
    rangeEnd = Data(range.end)
    prevKv = request.previous
  }
}

extension Wire.Compare {
  init(_ compare: Compare) {
    self.init()
    let range = WireRange(compare.range)
    key = Data(range.key)
    rangeEnd = Data(range.end)
    result =
      switch compare.relation {
      case .equal: .equal
      case .notEqual: .notEqual
      case .greater: .greater
      case .less: .less
      }
    switch compare.target {
    case .version(let version): (target, targetUnion) = (.version, .version(version))
    case .createRevision(let revision): (target, targetUnion) = (.create, .createRevision(revision.rawValue))
    case .modRevision(let revision): (target, targetUnion) = (.mod, .modRevision(revision.rawValue))
    case .value(let value): (target, targetUnion) = (.value, .value(Data(value)))
    case .lease(let lease): (target, targetUnion) = (.lease, .lease(lease?.rawValue ?? 0))
    }
  }
}

extension Wire.TxnRequest {
  init(_ request: TransactionRequest) {
    self.init()
    compare = request.compares.map(Wire.Compare.init)
    success = request.success.map(Wire.RequestOp.init)
    failure = request.failure.map(Wire.RequestOp.init)
  }
}

extension Wire.RequestOp {
  init(_ request: StoreRequest) {
    self.init()
    self.request =
      switch request {
      case .range(let range): .requestRange(Wire.RangeRequest(range))
      case .put(let put): .requestPut(Wire.PutRequest(put))
      case .deleteRange(let delete): .requestDeleteRange(Wire.DeleteRangeRequest(delete))
      case .transaction(let transaction): .requestTxn(Wire.TxnRequest(transaction))
      }
  }
}
