package import HoldfastCore

extension MVCCStore {
  /// Reads a range. Throws `invalidArgument` for the empty key, `compacted` and `futureRevision`.
  package func range(_ request: RangeRequest) throws -> RangeResponse {
    try check(request.range)
    try check(readableAt: request.revision)
    return read(request, current: revision)
  }

  /// Reads a range that has been checked. Inside a transaction `current` is the revision of that transaction as soon as it
  /// has changed something.
  func read(_ request: RangeRequest, current: Revision) -> RangeResponse {
    let revision = request.revision.flatMap { $0 > .zero ? $0 : nil } ?? current
    // Like etcd, stop early only where nothing is sorted or left out afterwards; without an order that means the first keys
    // by name, even if they are to be sorted by something else (then one more than the limit, as etcd fetches it).
    let limit = Int(clamping: max(0, request.limit))
    let stopsEarly = limit > 0 && request.sortOrder == .none && !request.hasRevisionBounds
    let most = request.countOnly ? 0 : stopsEarly ? limit == .max ? .max : limit + 1 : Int.max
    var keyValues: [KeyValue] = []
    var count: Int64 = 0
    index.forEach(in: request.range) { _, history in
      guard let keyValue = history.value(at: revision) else { return true }
      count += 1
      if keyValues.count < most && request.isWithinBounds(keyValue) { keyValues.append(keyValue) }
      return true
    }
    request.sort(&keyValues)
    let more = limit > 0 && keyValues.count > limit
    if more { keyValues.removeSubrange(limit...) }
    if request.keysOnly { for index in keyValues.indices { keyValues[index].value = [] } }
    return RangeResponse(header: header(at: current), keyValues: keyValues, more: more, count: count)
  }

  /// What one key holds now, changes of an unfinished transaction included.
  func latest(_ key: Key) -> KeyValue? { index[key]?.latest }
}

extension RangeRequest {
  fileprivate var hasRevisionBounds: Bool {
    [minModRevision, maxModRevision, minCreateRevision, maxCreateRevision].contains { ($0 ?? .zero) != .zero }
  }

  fileprivate func isWithinBounds(_ keyValue: KeyValue) -> Bool {
    func isWithin(_ revision: Revision, _ minimum: Revision?, _ maximum: Revision?) -> Bool {
      if let minimum, minimum != .zero, revision < minimum { return false }
      if let maximum, maximum != .zero, revision > maximum { return false }
      return true
    }
    return isWithin(keyValue.modRevision, minModRevision, maxModRevision)
      && isWithin(keyValue.createRevision, minCreateRevision, maxCreateRevision)
  }

  /// Sorts what is in key order. Another target without an order means ascending, and equal ones stay in key order.
  fileprivate func sort(_ keyValues: inout [KeyValue]) {
    switch sortTarget {
    case .key: if sortOrder == .descending { keyValues.reverse() }
    case .version: sort(&keyValues) { $0.version }
    case .createRevision: sort(&keyValues) { $0.createRevision }
    case .modRevision: sort(&keyValues) { $0.modRevision }
    case .value: sort(&keyValues) { Key(bytes: $0.value) }
    }
  }

  private func sort<T: Comparable>(_ keyValues: inout [KeyValue], by target: (KeyValue) -> T) {
    let isDescending = sortOrder == .descending
    keyValues.sort {
      let (left, right) = (target($0), target($1))
      if left == right { return $0.key < $1.key }
      return isDescending ? left > right : left < right
    }
  }
}
