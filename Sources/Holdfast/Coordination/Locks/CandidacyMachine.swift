package import HoldfastCore

/// A place in a queue at a prefix, as etcd's lock recipe has it: one key for each candidate, named by its lease; who was created
/// first holds. Pure.
///
/// **Entering** creates the key unless it exists. The name is nobody else's, so it is repeated when an answer was lost. **Waiting**
/// watches the key created last before the own one, and no other, so that a release wakes one candidate. Whatever ends the
/// watch (the deletion, a compaction, a member that lags, the time) only means to look again: no event decides, a linearizable
/// read of the predecessor and of the own key does. **Holding** watches the own key in the same way.
///
/// A connection that breaks costs no place: the place is the key, which lives as long as the lease.
package struct CandidacyMachine: Sendable {
  package enum Input: Sendable {
    case start
    case answered(TransactionResponse)
    case failed(HoldfastError)
    /// What was watched was deleted, or may have been.
    case watched
    case woken
  }

  package enum Action: Equatable, Sendable {
    case transact(TransactionRequest)
    /// Wait until the key is deleted, at this revision or later; after some time look all the same.
    case watch(Key, from: Revision)
    case wait(Duration)
    /// First in the queue; the create revision of the key.
    case hold(Revision)
    /// Did not get there: the end.
    case fail(HoldfastError)
    /// The key is gone: the end.
    case lost(HoldfastError)
  }

  private enum Phase { case entering, waiting, holding }

  private let prefix: Key
  private let lease: LeaseID
  private let value: [UInt8]
  private let isPatient: Bool
  private var phase = Phase.entering
  /// The create revision of the own key.
  private var token = Revision.zero
  private var failures = 0

  /// The own key.
  package var key: Key { prefix.appending(Key(lease.description)) }

  /// - Parameter isPatient: Whether to wait where others are first.
  package init(prefix: Key, lease: LeaseID, value: [UInt8], isPatient: Bool) {
    (self.prefix, self.lease, self.value, self.isPatient) = (prefix, lease, value, isPatient)
  }

  /// - Parameter jitter: In 0 ..< 1.
  package mutating func handle(_ input: Input, jitter: Double) -> [Action] {
    switch input {
    case .start, .woken: return [phase == .entering ? enter : look]
    case .watched:
      failures = 0
      return [look]
    case .answered(let response): return answered(response, jitter)
    case .failed(let error): return failed(error, jitter)
    }
  }

  private var enter: Action {
    var last = RangeRequest(.prefix(prefix))
    (last.sortTarget, last.sortOrder, last.limit, last.keysOnly) = (.createRevision, .descending, 2, true)
    // What it held before lets caches of the prefix show it at once: nothing.
    let put = PutRequest(key: key, value: value, lease: lease, previous: true)
    return .transact(
      TransactionRequest(
        compares: [Compare(key: key, .createRevision(.zero))], success: [.put(put), .range(last)],
        failure: [.range(RangeRequest(.key(key)))]))
  }

  private var look: Action {
    var before = RangeRequest(.prefix(prefix))
    (before.sortTarget, before.sortOrder, before.limit, before.keysOnly) = (.createRevision, .descending, 1, true)
    before.maxCreateRevision = token.previous
    var own = RangeRequest(.key(key))
    own.keysOnly = true
    return .transact(TransactionRequest(success: [.range(own), .range(before)]))
  }

  private mutating func answered(_ response: TransactionResponse, _ jitter: Double) -> [Action] {
    let ranges = response.ranges
    switch phase {
    case .entering where response.succeeded:
      guard let last = ranges.first?.keyValues, last.first?.key == key else { return failed(Self.malformed, jitter) }
      token = response.header.revision
      return placed(after: last.dropFirst().first, at: response.header.revision)
    case .entering:
      // An earlier attempt was carried out.
      guard let own = ranges.first?.keyValues.first else { return failed(Self.malformed, jitter) }
      token = own.createRevision
      phase = .waiting
      return [look]
    case .waiting, .holding:
      guard ranges.count == 2 else { return failed(Self.malformed, jitter) }
      guard ranges[0].keyValues.first?.createRevision == token else { return [.lost(deleted)] }
      return placed(after: ranges[1].keyValues.first, at: response.header.revision)
    }
  }

  private mutating func placed(after predecessor: KeyValue?, at revision: Revision) -> [Action] {
    // Nobody comes before who was first once: create revisions only grow.
    if let predecessor, phase != .holding {
      phase = .waiting
      return isPatient ? [.watch(predecessor.key, from: revision.next)] : [.fail(taken(by: predecessor))]
    }
    defer { phase = .holding }
    let own = Action.watch(key, from: revision.next)
    return phase == .holding ? [own] : [.hold(token), own]
  }

  private mutating func failed(_ error: HoldfastError, _ jitter: Double) -> [Action] {
    // Without its lease there is no place either: the lease's keeper finds out and ends this.
    let isWorthIt = error.isTransient || error.code == .leaseNotFound || phase == .holding
    guard isWorthIt || error.code == .compacted else { return [.fail(error)] }
    defer { failures += 1 }
    return [.wait(.milliseconds(50) * (1 << min(failures, 5)) * (1 - jitter / 2))]
  }

  private func taken(by other: KeyValue) -> HoldfastError {
    HoldfastError(
      .lockHeld, "somebody else comes first, who holds it or waits for it, with the key '\(other.key)'",
      key: Key(bytes: prefix.bytes.dropLast()), outcome: .refused, revision: other.createRevision)
  }

  private var deleted: HoldfastError {
    HoldfastError(.lockLost, "the key was deleted, alone or with its lease", key: key, revision: token)
  }

  private static var malformed: HoldfastError {
    HoldfastError(.protocolViolation, "the store's answer about a place in a queue is not one")
  }
}
