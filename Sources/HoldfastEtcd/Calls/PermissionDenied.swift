import HoldfastCore
import HoldfastEtcdProtos

/// A request that etcd checks key by key.
protocol KeyedRequest {
  /// The keys that it reads or writes, each range as it is asked for.
  var ranges: [WireRange] { get }
}

extension HoldfastError {
  /// How many ranges are named at most: a transaction may have more than anybody reads.
  private static let namedRanges = 4

  /// With `permissionDenied` the same, saying to whom, and on which keys: etcd says neither.
  func naming(user: String?, _ ranges: [KeyRange] = []) -> HoldfastError {
    guard code == .permissionDenied else { return self }
    var error = self
    let subject = user.map { "the user \(Key($0))" } ?? "this client, without a user,"
    error.message = "\(subject) may not do this"
    if !ranges.isEmpty {
      let more = ranges.count > Self.namedRanges ? " and \(ranges.count - Self.namedRanges) more" : ""
      error.message += " on \(ranges.prefix(Self.namedRanges).map { "\($0)" }.joined(separator: ", "))\(more)"
    }
    error.message += " (\(message))"
    if let only = ranges.first, ranges.count == 1, only.isSingleKey { error.key = only.start }
    return error
  }

  func naming(user: String?, of request: Any) -> HoldfastError {
    guard code == .permissionDenied else { return self }
    var ranges: [KeyRange] = []
    for range in ((request as? any KeyedRequest)?.ranges ?? []).map(\.range) where !ranges.contains(range) {
      ranges.append(range)
    }
    return naming(user: user, ranges)
  }
}

extension Wire.RangeRequest: KeyedRequest {
  var ranges: [WireRange] { [WireRange(key: key, end: rangeEnd)] }
}

extension Wire.PutRequest: KeyedRequest {
  var ranges: [WireRange] { [WireRange(key: key, end: [])] }
}

extension Wire.DeleteRangeRequest: KeyedRequest {
  var ranges: [WireRange] { [WireRange(key: key, end: rangeEnd)] }
}

extension Wire.TxnRequest: KeyedRequest {
  var ranges: [WireRange] {
    compare.map { WireRange(key: $0.key, end: $0.rangeEnd) } + (success + failure).flatMap(\.ranges)
  }
}

extension Wire.RequestOp: KeyedRequest {
  var ranges: [WireRange] {
    switch request {
    case .requestRange(let range): range.ranges
    case .requestPut(let put): put.ranges
    case .requestDeleteRange(let delete): delete.ranges
    case .requestTxn(let transaction): transaction.ranges
    case nil: []
    }
  }
}
