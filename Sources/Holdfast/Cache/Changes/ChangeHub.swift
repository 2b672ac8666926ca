import Synchronization

/// A cache's history and the consumers of its changes. It lives under the cache's lock.
struct ChangeHub: Sendable {
  private(set) var window: HistoryWindow
  private var feeds: [ObjectIdentifier: ChangeFeed] = [:]

  init(limit: HistoryWindow.Limit) { window = HistoryWindow(limit: limit) }

  var count: Int { feeds.count }

  /// Whether anybody wants to know the base's steps.
  var isWanted: Bool { window.limit.revisions > 0 || !feeds.isEmpty }

  mutating func advance(_ step: BaseStep, base: RecordMap) {
    window.add(step)
    for feed in feeds.values { feed.handle(.advanced(step, base: base)) }
  }

  /// Begins to tell a consumer who was told the range at a revision, or is told the present now; nil when the history since is
  /// not known.
  mutating func subscribe(
    _ range: KeyRange, _ policy: ChangePolicy, after told: Revision?, to machine: CacheMachine
  ) -> ChangeFeed? {
    let history = history(of: machine)
    guard let queue = ChangeQueue(range: range, policy: policy, after: told, of: machine, history) else { return nil }
    let feed = ChangeFeed(queue)
    feeds[ObjectIdentifier(feed)] = feed
    return feed
  }

  /// What is remembered; when nobody wanted to know it, the present.
  func history(of machine: CacheMachine) -> HistoryWindow {
    if window.newest == machine.revision, window.epoch == machine.epoch { return window }
    return HistoryWindow(limit: window.limit, at: machine.revision, epoch: machine.epoch)
  }

  mutating func remove(_ feed: ChangeFeed) { feeds[ObjectIdentifier(feed)] = nil }

  /// The cache was stopped.
  mutating func end(_ error: HoldfastError) {
    for feed in feeds.values { feed.handle(.ended(error)) }
    feeds = [:]
    window.forget()
  }
}

/// The way from a cache to one consumer.
final class ChangeFeed: Sendable {
  /// That there is something to ask for.
  let signal = Mailbox<Void>()
  private let queue: Mutex<ChangeQueue>

  init(_ queue: ChangeQueue) { self.queue = Mutex(queue) }

  /// Returns what the consumer is told, if anything.
  @discardableResult
  func handle(_ input: ChangeQueue.Input) -> ChangeQueue.Action? {
    var told: ChangeQueue.Action?
    for action in queue.withLock({ $0.handle(input) }) {
      if case .wake = action { signal.put(()) } else { told = action }
    }
    return told
  }
}
