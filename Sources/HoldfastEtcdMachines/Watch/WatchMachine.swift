package import HoldfastCore

/// One watch across all the streams that it takes: what to send, what to believe, where to resume.
///
/// One watcher per stream, because a lagging one silences its neighbours. The resume point is one after the last event
/// delivered, never one after a response's header, which runs ahead of the events.
package struct WatchMachine: Sendable {
  package enum Input: Hashable, Sendable {
    case start
    /// The stream stands.
    case opened
    case message(WatchMessage)
    /// Connecting, sending or receiving failed. The jitter is about 1.
    case failed(CallFailure, jitter: Double)
    /// What came cannot be a watch message, or the server ended the stream as if all was well.
    case broken(String, jitter: Double)
    /// No message came within the time of the last `receive`.
    case silent(jitter: Double)
    /// What came of `identify`: the member that answered, as far as it could be learned. The stream is that of the action.
    case identified(MemberIdentity?, stream: Int64)
    case waited
  }

  package enum Action: Hashable, Sendable {
    /// Connect to the current endpoint and open a stream.
    case open
    case send(WatchCommand)
    case receive(within: Duration)
    /// Find out which member serves the stream, while its messages are received. It need not succeed, nor be answered.
    case identify(stream: Int64)
    /// The server did not accept the token, as it seems: the next stream is to have another one.
    case renewToken
    /// The watch stands: the endpoint serves.
    case keepEndpoint
    /// Drop the stream; use another endpoint from now on.
    case leaveEndpoint
    case wait(Duration)
    case report(WatchUpdate)
    /// The watch is over.
    case fail(HoldfastError)
  }

  private enum Phase: Hashable {
    case idle, opening, waiting, ended
    case creating(id: Int64)
    case watching(id: Int64)
  }

  private enum Question: Hashable { case none, identity, progress }

  private let range: KeyRange
  private let timing: WatchTiming
  private let backOff: BackOff
  private var phase = Phase.idle
  /// The first revision that was not delivered; nil as long as "now" is not known.
  package private(set) var resume: Revision?
  private var lastID: Int64 = 0
  private var assembly = RevisionAssembly()
  private var trust = StreamTrust()
  /// What has been done about the silence that lasts.
  private var question = Question.none
  private var isInterrupted = false
  private var attempt = 0
  private let endpoints: Int
  private let renewsToken: Bool
  private var hasRenewedToken = false
  /// Streams in a row that TLS has failed for good.
  private var tlsFailures = 0

  /// - Parameter renewsToken: Whether there are credentials, with which a token that was refused can be replaced.
  package init(
    range: KeyRange, from start: Revision?, timing: WatchTiming = WatchTiming(), backOff: BackOff = BackOff(),
    endpoints: Int = 1, renewsToken: Bool = false
  ) {
    self.endpoints = max(1, endpoints)
    self.renewsToken = renewsToken
    self.range = range
    self.timing = timing
    self.backOff = backOff
    // To the server 0 means "now"; here it means the first revision of all.
    resume = start.map { max($0, 1) }
  }

  package mutating func handle(_ input: Input) -> [Action] {
    if phase == .ended { return [] }
    switch input {
    case .start:
      guard phase == .idle else { return [] }
      guard !range.isEmpty else { return end(HoldfastError(.invalidArgument, "no key can be in the range \(range)")) }
      phase = .opening
      return [.open]
    case .waited:
      guard phase == .waiting else { return [] }
      phase = .opening
      return [.open]
    case .opened:
      guard phase == .opening else { return [] }
      // A new id for each stream, too: what is late from an old one can then not be taken for the new.
      lastID += 1
      phase = .creating(id: lastID)
      trust = StreamTrust()
      tlsFailures = 0
      return [.send(.create(id: lastID, from: resume)), .receive(within: timing.answer)]
    case .message(let message): return received(message)
    case .silent(let jitter): return silent(jitter)
    case .identified(let identity, let stream): return identified(identity, stream)
    case .failed(let failure, let jitter):
      let error = failure.error
      tlsFailures = failure.isTLSFailure ? tlsFailures + 1 : 0
      if tlsFailures >= endpoints { return end(error) }
      return Self.isFinal(error.code) && !failure.isForeign ? refused(error, jitter) : interrupt(error, jitter)
    case .broken(let text, let jitter): return violation(text, jitter)
    }
  }

  // MARK: Messages

  private mutating func received(_ message: WatchMessage) -> [Action] {
    switch phase {
    case .idle, .opening, .waiting, .ended: return []
    case .creating(let id): return whileCreating(message, id)
    case .watching(let id): return whileWatching(message, id)
    }
  }

  private mutating func whileCreating(_ message: WatchMessage, _ id: Int64) -> [Action] {
    if message.canceled {
      // Refused: created and cancelled in one, with our id or, from 3.4 on, with none.
      guard message.watchID == id || message.watchID == WatchMessage.broadcastID else { return receive() }
      return cancelled(message, atCreation: true)
    }
    guard message.created else {
      if message.watchID == id { return violation("the server spoke of the watch before it had created it") }
      return receive()
    }
    guard let header = Self.believable(message.header) else { return violation("`created` came without a revision") }
    guard message.watchID >= 0 else { return violation("`created` came with the watch id \(message.watchID)") }
    // Servers take the id we choose; a proxy may choose its own, and there is one watcher on the stream.
    phase = .watching(id: message.watchID)
    trust.creator = header.memberID
    if resume == nil { resume = header.revision.next }
    (isInterrupted, hasRenewedToken) = (false, false)
    let events = message.events.isEmpty ? receive() : delivered(message)
    return [.keepEndpoint, .report(.started(header))] + events
  }

  private mutating func whileWatching(_ message: WatchMessage, _ id: Int64) -> [Action] {
    if message.canceled {
      guard message.watchID == id || message.watchID == WatchMessage.broadcastID else { return receive() }
      return cancelled(message, atCreation: false)
    }
    if message.created { return violation("the server created a second watch on the stream") }
    if message.watchID == WatchMessage.broadcastID {
      guard message.events.isEmpty else { return violation("events came for no watch at all") }
      // Between the fragments of a revision nothing is complete, whatever the version; that breaks no promise of the server.
      return progress(message, isOrdered: trust.ordersRequestedProgress && assembly.isEmpty)
    }
    guard message.watchID == id else {
      // There is one watch on the stream: what is told to another one was meant for it, and would be lost.
      return message.events.isEmpty
        ? receive() : violation("events came for the watch \(message.watchID), which there is not")
    }
    if !message.events.isEmpty { return delivered(message) }
    if message.fragment { return violation("a fragment without events") }
    if !assembly.isEmpty { return violation("progress came between the fragments of a revision") }
    return progress(message, isOrdered: true)
  }

  private mutating func delivered(_ message: WatchMessage) -> [Action] {
    guard let header = Self.believable(message.header) else { return violation("events came without a revision") }
    trust.hadEvents = true
    switch assembly.add(message, header, in: range, from: resume ?? 1) {
    case .incomplete: break
    case .violation(let text): return violation(text)
    case .complete(let events):
      attempt = 0
      guard let last = events.last else { break }
      resume = last.modRevision.next
      return [.report(.batch(WatchBatch(header: header, events: events)))] + receive()
    }
    return receive()
  }

  private mutating func progress(_ message: WatchMessage, isOrdered: Bool) -> [Action] {
    guard let header = Self.believable(message.header) else { return violation("progress came without a revision") }
    attempt = 0
    // A future watch may be told of progress below its start; nothing moves back for that.
    guard header.revision >= (resume ?? 1).previous else { return receive() }
    if isOrdered { resume = header.revision.next }
    return [.report(.progress(WatchProgress(revision: header.revision, isOrdered: isOrdered)))] + receive()
  }

  private mutating func cancelled(_ message: WatchMessage, atCreation: Bool) -> [Action] {
    if message.compactRevision > .zero {
      let text = "the revisions from \(resume.map { "\($0)" } ?? "now") on are compacted away: list again, then watch"
      return end(HoldfastError(.compacted, text, compactRevision: message.compactRevision))
    }
    let reason = message.cancelReason
    let code = EtcdErrorTable.code(forReason: reason)
    let text = "the server cancelled the watch: \(reason.isEmpty ? "it gave no reason" : reason)"
    if let code, Self.isFinal(code) { return refused(HoldfastError(code, text), 1) }
    // A watch that stood and is cancelled without a known reason may well be created again; one that was refused with a
    // reason will be refused again.
    if atCreation && code == nil && !reason.isEmpty { return end(HoldfastError(.invalidArgument, text)) }
    return interrupt(HoldfastError(code ?? .unavailable, text), 1)
  }

  // MARK: Silence and outages

  private mutating func silent(_ jitter: Double) -> [Action] {
    switch phase {
    case .idle, .opening, .waiting, .ended: return []
    case .creating: return interrupt(HoldfastError(.timeout, "the server did not create the watch in time"), jitter)
    case .watching:
      switch question {
      case .progress: return interrupt(HoldfastError(.timeout, "the watch went silent"), jitter)
      case .identity: return askForProgress()
      case .none:
        guard !trust.isIdentified else { return askForProgress() }
        // Only here: a watch that has something to deliver needs no progress. It comes before the request, as what an answer
        // means depends on who gives it.
        question = .identity
        return [.identify(stream: lastID), .receive(within: timing.answer)]
      }
    }
  }

  private mutating func identified(_ identity: MemberIdentity?, _ stream: Int64) -> [Action] {
    guard stream == lastID else { return [] }
    switch phase {
    case .idle, .opening, .waiting, .ended, .creating: return []
    case .watching:
      if let identity { trust.identity = identity }
      return question == .identity ? askForProgress() : []
    }
  }

  private mutating func askForProgress() -> [Action] {
    // This version would not answer, and its silence is no reason to open the stream again and again. Without the question
    // a dead connection is found by the pings of HTTP/2, and events that do not come by the cache's quorum probes.
    guard trust.answersProgressRequests else { return receive() }
    question = .progress
    return [.send(.requestProgress), .receive(within: timing.answer)]
  }

  /// The next message may take a while again, unless the watch is still to be created.
  private mutating func receive() -> [Action] {
    question = .none
    if case .creating = phase { return [.receive(within: timing.answer)] }
    return [.receive(within: timing.silence)]
  }

  private mutating func violation(_ text: String, _ jitter: Double = 1) -> [Action] {
    interrupt(HoldfastError(.protocolViolation, text), jitter)
  }

  private mutating func interrupt(_ error: HoldfastError, _ jitter: Double) -> [Action] {
    // Half a revision is none: the new stream sends it again from its beginning.
    assembly = RevisionAssembly()
    question = .none
    phase = .waiting
    let report: [Action] = isInterrupted ? [] : [.report(.interrupted(error))]
    isInterrupted = true
    let delay = backOff.delay(attempt: attempt, jitter: jitter)
    attempt = min(attempt + 1, 1_000)
    return [.leaveEndpoint] + report + [.wait(delay)]
  }

  /// etcd does not tell a token that has expired from a missing permission when a watch is created.
  private mutating func refused(_ error: HoldfastError, _ jitter: Double) -> [Action] {
    let mayBeToken = error.code == .permissionDenied || error.code == .unauthenticated
    guard mayBeToken, renewsToken, !hasRenewedToken else { return end(error) }
    hasRenewedToken = true
    return [.renewToken] + interrupt(error, jitter)
  }

  private mutating func end(_ error: HoldfastError) -> [Action] {
    phase = .ended
    return [.fail(error)]
  }

  private static func believable(_ header: ResponseHeader?) -> ResponseHeader? {
    // The largest number has no next one.
    guard let header, header.revision > .zero, header.revision.rawValue < .max else { return nil }
    return header
  }

  /// What trying again, here or elsewhere, cannot heal.
  private static func isFinal(_ code: HoldfastError.Code) -> Bool {
    switch code {
    case .compacted, .futureRevision, .invalidArgument, .permissionDenied, .unauthenticated, .unimplemented, .stopped:
      true
    default: false
    }
  }
}
