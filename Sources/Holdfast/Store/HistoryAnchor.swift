import HoldfastCore

/// What tells whether a store's past is still the one that a state was read from.
///
/// A restored store keeps its ids, and by the time somebody looks its revision may have overtaken the old one. Of a small range
/// everything that it holds is asked for. Of a large one only how many keys there are and which of them had changed last, with its
/// value: another history that has as many keys, and wrote the same bytes to the same key at that revision, is taken for the old one.
struct HistoryAnchor: Sendable {
  /// What to ask, linearizably.
  let request: RangeRequest
  /// Whether the answer has everything that the range holds.
  let isExact: Bool
  private let newest: Revision
  private let count: Int

  /// Asks how many keys there are and which of them changed last, at a revision or, when it is nil, now.
  static func request(_ range: KeyRange, at revision: Revision?) -> RangeRequest {
    var request = RangeRequest(range)
    request.revision = revision
    request.sortTarget = .modRevision
    request.sortOrder = .descending
    request.limit = 1
    return request
  }

  init(_ range: KeyRange, at revision: Revision?, _ modRevisions: some Sequence<Revision>, isExact: Bool = false) {
    var newest = Revision.zero
    var count = 0
    for revision in modRevisions {
      newest = max(newest, revision)
      count += 1
    }
    self.newest = newest
    self.count = count
    self.isExact = isExact
    guard isExact else {
      request = Self.request(range, at: revision)
      return
    }
    var request = RangeRequest(range)
    request.revision = revision
    // One more tells as much as all.
    request.limit = Int64(count) + 1
    self.request = request
  }

  /// Whether the answer is that of the same past; `isHeld` tells whether the state has a key-value.
  func holds(in answer: RangeResponse, _ isHeld: (KeyValue) -> Bool) -> Bool {
    guard answer.count == Int64(count) else { return false }
    if isExact { return answer.keyValues.count == count && answer.keyValues.allSatisfy(isHeld) }
    guard let found = answer.keyValues.first else { return count == 0 }
    return found.modRevision == newest && isHeld(found)
  }
}
