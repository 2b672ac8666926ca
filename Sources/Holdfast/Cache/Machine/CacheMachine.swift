package import HoldfastCore

/// Every decision of the cache, without a task, a clock or any I/O: inputs in, actions out.
///
/// It keeps two layers. The *base* is the range exactly as it was at one revision A, built from whole revisions only. The
/// *overlay* holds this process's acknowledged writes above A. A reader sees, for every key, the highest revision of both.
///
/// The order of the actions means something: a new epoch comes before what is published in it, and what is published comes
/// before the revision that it reaches. One input gives at most one `publish`.
package struct CacheMachine: Sendable {
  package enum Input: Sendable {
    /// Begins; after a stop, begins again from nothing. Does nothing while it runs.
    case start
    /// The whole range at the header's revision, in key order, read linearizably *after* the `list` action.
    case listed(attempt: Int, header: ResponseHeader, records: [CacheRecord])
    case listFailed(attempt: Int, HoldfastError)
    case watchStarted(attempt: Int, ResponseHeader)
    /// What the store answered to a `checkAnchor`. Nothing else of the watch may be handed in before it.
    case anchorAnswered(attempt: Int, RangeResponse)
    case anchorFailed(attempt: Int, HoldfastError)
    /// Whole revisions, one or many, in order.
    case changes(attempt: Int, [CacheChange])
    case progress(attempt: Int, WatchProgress)
    /// The watch resumes by itself; nothing is missed.
    case watchInterrupted(attempt: Int, HoldfastError)
    /// The watch is over: compacted, or refused.
    case watchEnded(attempt: Int, HoldfastError)
    /// What one acknowledged write did in the range, in the order of its operations. `changed` says whether it changed
    /// anything in the store, `sent` is the machine's `mark` when the request was sent. Writes that do not concern the range
    /// may be told as well.
    case acknowledged([WriteEffect], at: Revision, changed: Bool, sent: WriteMark)
    /// What the store answered to a probe.
    case probed(Probe, RangeResponse)
    /// The store did not answer a probe, or refused to.
    case probeFailed(HoldfastError, epoch: Int)
    /// Time has passed: how long may nothing have confirmed what is held before that counts as stale?
    case lookAfter(now: Duration, limit: Duration)
    /// The base of this epoch was found not to be what the store held at this revision.
    case diverged(HoldfastError, at: Revision, epoch: Int)
    case stop
  }

  package enum Action: Sendable {
    /// List the range linearizably, all pages at one revision; first wait out a back-off for so many consecutive failures.
    /// The watch of an earlier attempt is not needed any more.
    case list(attempt: Int, failures: Int)
    /// Watch the range. Belongs to the same attempt as the list before it.
    case watch(attempt: Int, from: Revision)
    /// Read this from the store, linearizably, before anything else of the watch is handed in.
    case checkAnchor(attempt: Int, RangeRequest)
    /// What local readers see changes, all at once. Never empty, real differences only, in key order.
    case publish([VisibleChange])
    /// The base is the range at this revision now.
    case reached(Revision)
    /// The range at this revision, a later one, was proven to be the base: snapshots state it.
    case proven(Revision)
    /// Send a probe: it may show that there is nothing to wait for.
    case wantProbe
    /// How the base got there, or was dropped; told after it while `reportsSteps`.
    case advanced(BaseStep)
    /// The store is known to have gone back. What is held is not what it has, until the next `reached`.
    case rewound
    /// The store was rewound: revisions of before mean nothing any more.
    case newEpoch(Int)
    case health(CachePhase)
  }

  /// What the machine waits for.
  enum Activity {
    case nothing
    /// A list, requested when `known` was the highest revision that the store was known to have had.
    case list(known: Revision?)
    case watch
  }

  package let range: KeyRange
  package let overlayLimit: OverlayLimit
  let exactAnchors: ExactAnchorLimit

  /// Counts how often the store went back; never falls, survives a stop.
  package internal(set) var epoch = 0
  /// The base's revision A; nil before the first load.
  package internal(set) var revision: Revision?
  package internal(set) var base = RecordMap()
  package internal(set) var phase = CachePhase.idle
  /// The highest revision of this epoch that was applied or acknowledged. Kept over a stop: a store that is rewound
  /// meanwhile must be recognised all the same.
  package internal(set) var highestKnown: Revision?
  /// Whether somebody wants to know how the base moves.
  package var reportsSteps = false

  var overlay = CacheOverlay()
  var activity = Activity.nothing
  /// Of the current cycle of list and watch; the answers of older ones are ignored.
  var attempt = 0
  /// Cycles that failed since a watch last delivered something.
  var failures = 0
  /// Whether the store is known to have gone back, so that the next list begins an epoch.
  package internal(set) var isRewound = false
  /// How many quorum reads in a row were answered below what was known when they were sent.
  var lowAnswers = 0
  /// Whether the base was found to be wrong, so that a list that disagrees with it proves nothing.
  var isDiverged = false
  /// What the store is being asked for before the watch counts.
  var anchor: (anchor: HistoryAnchor, known: Revision?)?
  /// Where the base is known to be what the store held later than at the base's own revision.
  var proof: Proof?
  var confirmations = Confirmations()
  /// The highest revision of a write of this process in the range, in this epoch.
  package internal(set) var highestAcknowledged: Revision?
  /// Whether a quorum read was answered too low since the last list: what is held may be of a store that is gone.
  var isDoubtful = false
  /// Whether the watch stands and the store has the base's past, and up to where it had come then.
  var isStanding = false
  var awaited: Revision?
  /// Whether the watchdog has found that nothing confirms the cache any more, since when it has looked, and whether the watch
  /// has brought anything since.
  var isOverdue = false
  var watchedSince: Duration?
  /// Whether the store refused the last probe for who asks. The watch goes on delivering then: etcd checks it once.
  var isRefused = false
  var hasMoved = false

  package init(
    range: KeyRange, overlayLimit: OverlayLimit = OverlayLimit(), exactAnchors: ExactAnchorLimit = ExactAnchorLimit()
  ) {
    self.range = range
    self.overlayLimit = overlayLimit
    self.exactAnchors = exactAnchors
  }

  /// To be taken before a write is sent.
  package var mark: WriteMark { WriteMark(epoch: epoch, known: highestKnown) }

  package var overlayCount: Int { overlay.count }
  package var overlayBytes: Int { overlay.bytes }
  /// The overlay's tombstones, of keys and of ranges.
  package var tombstoneCount: Int { overlay.tombstoneCount }

  package mutating func handle(_ input: Input) -> [Action] {
    switch input {
    case .start: start()
    case .stop: stop()
    case .listed(let attempt, let header, let records): isListing(attempt) ? load(header.revision, records) : []
    case .listFailed(let attempt, let error): isListing(attempt) ? listFailed(error) : []
    case .watchStarted(let attempt, let header): isWatching(attempt) ? watchStarted(header) : []
    case .anchorAnswered(let attempt, let answer): isWatching(attempt) ? anchored(answer) : []
    case .anchorFailed(let attempt, let error): isWatching(attempt) && anchor != nil ? resync(error) : []
    case .changes(let attempt, let changes): isWatching(attempt) ? apply(changes) : []
    case .progress(let attempt, let progress): isWatching(attempt) ? advance(progress) : []
    case .watchInterrupted(let attempt, let error): isWatching(attempt) ? interrupted(error) : []
    case .watchEnded(let attempt, let error): isWatching(attempt) ? resync(error) : []
    case .diverged(let error, let revision, let epoch): diverged(error, at: revision, epoch: epoch)
    case .acknowledged(let effects, let revision, let changed, let mark):
      acknowledge(effects, at: revision, changed: changed, sent: mark)
    case .probed(let probe, let answer): probed(probe, answer)
    case .probeFailed(let error, let epoch): probeFailed(error, epoch)
    case .lookAfter(let now, let limit): lookAfter(now, limit)
    }
  }

  private func isListing(_ attempt: Int) -> Bool {
    if case .list = activity { attempt == self.attempt } else { false }
  }

  private func isWatching(_ attempt: Int) -> Bool {
    if case .watch = activity { attempt == self.attempt } else { false }
  }
}
