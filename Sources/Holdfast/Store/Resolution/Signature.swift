package import HoldfastCore

/// What only one write can have put under a key, so that whoever finds it there knows that the write was applied.
package struct Signature: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    /// A lease that was granted for this operation. Its id is known to nobody before the key is attached to it, and a key
    /// keeps a lease only until it is written with another one.
    case lease(LeaseID)
    /// Bytes of which the caller promised that no other write makes them.
    case value([UInt8])
  }

  let key: Key
  let kind: Kind

  func isBorne(by keyValue: KeyValue?) -> Bool {
    switch kind {
    case .lease(let lease): keyValue?.lease == lease
    case .value(let value): keyValue?.value == value
    }
  }
}

extension TransactionPlan {
  /// What its puts leave behind and nobody else can. A value alone is none: others may write an equal one, and then it is
  /// theirs. A lease that was handed in is none either: other keys and other writes may use it.
  package func signatures(leases: [Int: Lease]) -> [Signature] {
    operations.enumerated().flatMap { index, operation in
      operation.requests.compactMap { request in
        guard case .put(let put) = request else { return nil }
        if let lease = leases[index] { return Signature(key: put.key, kind: .lease(lease.id)) }
        return operation.isUnique ? Signature(key: put.key, kind: .value(put.value)) : nil
      }
    }
  }

  /// The highest revision that the store is known to have had when the request was sent, by the caches and the leases.
  package func known(_ marks: some Sequence<WriteMark>, leases: [Int: Lease]) -> Revision {
    max(marks.compactMap(\.known).max() ?? .zero, leases.values.map(\.header.revision).max() ?? .zero)
  }

  /// The refusal of a write whose answer was lost, after it was seen what took its place.
  package func refusal(of key: Key, current: KeyValue, revision: Revision) -> HoldfastError {
    let failed = guards.first { entry in
      guard case .modRevision = entry.compare.target else { return false }
      return entry.compare.range == .key(key)
    }
    let broken = failed ?? Guard(Compare(key: key, .modRevision(.zero)), .condition)
    return broken.refusal(key, current: current, revision: revision, outcome: .refused)
  }
}
