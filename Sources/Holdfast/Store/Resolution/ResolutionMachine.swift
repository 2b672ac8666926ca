package import HoldfastCore

/// What became of a write whose answer was lost: which reads tell, and what they prove. Pure.
///
/// The request may still be on its way to the store, or wait in it, when the reads are answered. So that its guards still hold
/// proves nothing, and nothing is ever sent again. What is proven, and by what:
///
/// **Applied**, where a key that it puts bears its ``Signature``: a lease that was granted for this operation alone, or bytes
/// that the caller declared unique. Nobody else can have put it there. Equal bytes without that are not enough: another
/// writer's value may be equal, and then the write may yet come, or may have been refused. It holds whatever happened to the
/// store meanwhile, since the store has the write now. At which revision the write was applied, and what it found, is read
/// from the history: the key bears the signature at the revision of its last change, and one before it does not.
///
/// **Refused**, where it replaces one exact revision of a key (`update` of something that exists), and the key has been
/// written since exactly once (its version is one more) without having been deleted (its create revision is the same), by
/// somebody else (other bytes or another lease than this write gives it). This write was not that one, so it was not applied;
/// and it will not be, because no key goes back to an old revision. Version and create revision of what it replaces are
/// taken from the same read, at its own revision or, where that is compacted, at one that was known when the write was sent:
/// they are of the history that the store has now. Where neither is to be had nothing is proven.
///
/// **Never refused**: a create (its key may have been created by this write, deleted, and created again; or be deleted, and
/// then this write comes), a put without a guard, what has been written more than once since, what was deleted since.
///
/// All else is unknown. Waiting helps only where a signature may still appear.
package struct ResolutionMachine: Sendable {
  package enum Input: Sendable {
    case start
    /// The answer to a `read`, and whether no cache of the store knows that it was restored since the write was sent.
    case answered(TransactionResponse, isSameEpoch: Bool)
    case failed(HoldfastError)
    case waited
    /// The time is over, or the caller was cancelled: no more reads.
    case over
  }

  package enum Action: Sendable {
    /// Ask for this, linearizably.
    case read(TransactionRequest)
    case wait(Duration)
    case done(Resolution)
  }

  package enum Resolution: Hashable, Sendable {
    /// With the answer that was lost.
    case applied(TransactionResponse)
    /// Applied at this revision or before; what the answer was cannot be found out any more.
    case appliedUnanswered(Revision)
    /// Somebody else's write took the place.
    case refused(Key, current: KeyValue, at: Revision)
    case unknown
  }

  private let request: TransactionRequest
  private let signature: Signature?
  private let replacements: [Replacement]
  private let known: Revision
  private let limit: Int
  private let attempts: Int

  /// From which revision what is replaced is read.
  private enum Past { case replaced, known, none }

  private var past: Past
  private var reads = 0
  private var pause: Duration
  /// The signed key, with what it was found to hold.
  private var found: KeyValue?
  private var history: HistoricAnswer?

  /// - Parameters:
  ///   - known: The highest revision that the store was known to have when the request was sent.
  ///   - limit: How many operations the store takes in one transaction.
  package init(
    _ request: TransactionRequest, signatures: [Signature], known: Revision, limit: Int,
    configuration: ResolutionConfiguration = ResolutionConfiguration()
  ) {
    self.request = request
    self.limit = limit
    signature = signatures.first
    replacements = Array(request.replacements.prefix(max(0, (limit - 1) / 2)))
    self.known = known
    attempts = configuration.attempts
    pause = configuration.pause
    past = replacements.isEmpty ? .none : .replaced
  }

  package mutating func handle(_ input: Input) -> Action {
    switch input {
    case .start, .waited: return next()
    case .over: return over()
    case .failed(let error): return failed(error)
    case .answered(let response, let isSameEpoch):
      if let history, let found { return confirmed(history.read(response, found: found), found) }
      return looked(response, isSameEpoch)
    }
  }

  private mutating func next() -> Action {
    guard signature != nil || past != .none, reads < attempts else { return over() }
    reads += 1
    return .read(history?.request ?? look)
  }

  /// The signed key, and each replaced key as it is and as it was.
  private var look: TransactionRequest {
    var ranges = signature.map { [RangeRequest(.key($0.key))] } ?? []
    for replacement in replacements where past != .none {
      var range = RangeRequest(.key(replacement.put.key))
      ranges.append(range)
      range.revision = past == .known ? known : replacement.expected
      ranges.append(range)
    }
    return TransactionRequest(success: ranges.map { .range($0) })
  }

  private mutating func looked(_ response: TransactionResponse, _ isSameEpoch: Bool) -> Action {
    var answers = response.ranges
    guard answers.count == look.success.count else { return .done(.unknown) }
    let signed = signature == nil ? nil : answers.removeFirst().keyValues.first
    if let signature, let signed, signature.isBorne(by: signed) { return found(signed, signature) }
    for (index, replacement) in replacements.enumerated() where past != .none && isSameEpoch {
      let (now, before) = (answers[2 * index].keyValues.first, answers[2 * index + 1].keyValues.first)
      guard let now, let before, replacement.isTaken(by: now, from: before) else { continue }
      return .done(.refused(replacement.put.key, current: now, at: response.header.revision))
    }
    guard let signature, mayYetBear(signature, signed) else { return .done(.unknown) }
    return again()
  }

  /// Whether the write may be applied from here on: its guards on the signed key hold.
  private func mayYetBear(_ signature: Signature, _ held: KeyValue?) -> Bool {
    request.compares.allSatisfy { $0.range != .key(signature.key) || $0.holds(for: held) }
  }

  private mutating func found(_ held: KeyValue, _ signature: Signature) -> Action {
    found = held
    history = HistoricAnswer(request, at: held.modRevision, signature, limit: limit)
    return history == nil ? over() : next()
  }

  private mutating func confirmed(_ reading: HistoricAnswer.Reading, _ held: KeyValue) -> Action {
    switch reading {
    case .answer(let response): return .done(.applied(response))
    case .applied: return over()
    // A value that was declared unique, and is not.
    case .foreign: return .done(.unknown)
    case .gone:
      (found, history) = (nil, nil)
      return again()
    }
  }

  private mutating func failed(_ error: HoldfastError) -> Action {
    switch error.code {
    case .compacted, .futureRevision:
      // The past is gone, or is another one.
      if history != nil { return over() }
      guard past != .none else { return again() }
      let isKnownOlder = replacements.contains { known <= $0.expected }
      past = error.code == .compacted && past == .replaced && !isKnownOlder ? .known : .none
      return next()
    default: return again()
    }
  }

  private mutating func again() -> Action {
    guard reads < attempts else { return over() }
    defer { pause *= 2 }
    return .wait(pause)
  }

  private func over() -> Action {
    .done(found.map { .appliedUnanswered($0.modRevision) } ?? .unknown)
  }
}
