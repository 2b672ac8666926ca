import HoldfastCore

/// A put that replaces exactly one revision of its key.
struct Replacement: Sendable {
  let put: PutRequest
  let expected: Revision

  /// Whether what the key holds now is the first and only write since what was to be replaced, and somebody else's.
  func isTaken(by now: KeyValue, from before: KeyValue) -> Bool {
    before.modRevision == expected && now.createRevision == before.createRevision
      && now.version == before.version + 1 && (now.value != put.value || now.lease != put.lease)
  }
}

extension TransactionRequest {
  /// The puts that succeed over one revision of their key only.
  var replacements: [Replacement] {
    success.compactMap { request in
      guard case .put(let put) = request, !put.ignoreValue, !put.ignoreLease else { return nil }
      let expected = compares.lazy.compactMap { $0.exactRevision(of: put.key) }.first
      return expected.map { Replacement(put: put, expected: $0) }
    }
  }
}

extension Compare {
  /// The one revision at which it lets the key be, if it is such a compare.
  fileprivate func exactRevision(of key: Key) -> Revision? {
    guard range == .key(key), relation == .equal, case .modRevision(let revision) = target, revision > .zero else {
      return nil
    }
    return revision
  }
}

extension TransactionResponse {
  /// The answers to a transaction that only reads.
  var ranges: [RangeResponse] { responses.compactMap { if case .range(let range) = $0 { range } else { nil } } }
}
