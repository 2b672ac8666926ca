import HoldfastCore

/// What tells whether a store's past is still the one that a state was read from: how many keys the range held at a revision,
/// and which of them had changed last.
///
/// A restored store keeps its ids, and by the time somebody looks its revision may have overtaken the old one. But it cannot
/// have held as many keys at that revision, with the same newest one, unless nothing in the range differs.
struct HistoryAnchor: Sendable {
  /// What to ask, linearizably.
  let request: RangeRequest
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

  init(_ range: KeyRange, at revision: Revision?, _ modRevisions: some Sequence<Revision>) {
    var newest = Revision.zero
    var count = 0
    for revision in modRevisions {
      newest = max(newest, revision)
      count += 1
    }
    self.newest = newest
    self.count = count
    request = Self.request(range, at: revision)
  }

  /// Whether the answer is that of the same past; `held` is what the state has under a key.
  func holds(in answer: RangeResponse, _ held: (Key) -> KeyValue?) -> Bool {
    guard answer.count == Int64(count) else { return false }
    guard let found = answer.keyValues.first else { return count == 0 }
    return found.modRevision == newest && held(found.key) == found
  }
}
