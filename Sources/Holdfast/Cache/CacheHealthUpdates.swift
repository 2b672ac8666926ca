import Synchronization

/// A cache's health, now and whenever its state, its quarantine or the progress of a list changes; what a slow consumer misses is
/// replaced by what is newer. It ends when the task is cancelled. The revision in it is that of the moment; that it moves is no change.
public struct CacheHealthUpdates: AsyncSequence, Sendable {
  public typealias Element = CacheHealth
  public typealias Failure = Never

  let observers: HealthObservers
  let current: @Sendable () -> CacheHealth

  public func makeAsyncIterator() -> Iterator { Iterator(subscription: Subscription(observers), current: current) }

  public struct Iterator: AsyncIteratorProtocol {
    fileprivate let subscription: Subscription
    fileprivate let current: @Sendable () -> CacheHealth
    private var told: CacheHealth?

    fileprivate init(subscription: Subscription, current: @escaping @Sendable () -> CacheHealth) {
      self.subscription = subscription
      self.current = current
    }

    public mutating func next() async -> CacheHealth? {
      while !Task.isCancelled {
        let health = current()
        if told.map({ !$0.isSame(health) }) ?? true {
          told = health
          return health
        }
        await subscription.changes.wait()
        _ = subscription.changes.take()
      }
      return nil
    }
  }

  /// Ends with the iterator.
  fileprivate final class Subscription: Sendable {
    let changes = Mailbox<Void>()
    private let observers: HealthObservers

    init(_ observers: HealthObservers) {
      self.observers = observers
      observers.add(changes)
    }

    deinit { observers.remove(changes) }
  }
}

extension CacheHealth {
  fileprivate func isSame(_ other: CacheHealth) -> Bool {
    state == other.state && cause == other.cause && quarantined == other.quarantined && progress == other.progress
  }
}

/// Those who want to know when a cache's health changes.
final class HealthObservers: Sendable {
  private let mailboxes = Mutex<[ObjectIdentifier: Mailbox<Void>]>([:])

  func add(_ mailbox: Mailbox<Void>) { mailboxes.withLock { $0[ObjectIdentifier(mailbox)] = mailbox } }
  func remove(_ mailbox: Mailbox<Void>) { mailboxes.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(mailbox)) } }

  var count: Int { mailboxes.withLock { $0.count } }

  func notify() {
    for mailbox in mailboxes.withLock({ Array($0.values) }) { mailbox.put(()) }
  }
}

extension Cache {
  /// The health now, and every change of it (G8).
  public var healthUpdates: CacheHealthUpdates {
    CacheHealthUpdates(observers: healthObservers) { self.health }
  }

  /// Returns when the cache follows the store. It may be called before `run()` has begun.
  ///
  /// - Throws: ``HoldfastError``: the cause with its own code, or `timeout`, when it did not in time; `notStarted` when nobody ran it
  ///   meanwhile; `stopped` at once; `cancelled`.
  public func waitUntilLive(timeout: Duration) async throws {
    let time = configuration.time
    let ended = await withTaskGroup(of: CacheHealth?.self) { group in
      group.addTask {
        for await health in self.healthUpdates where ![.idle, .connecting, .loading, .stale].contains(health.state) {
          return health
        }
        return nil
      }
      group.addTask {
        try? await time.sleep(time.now() + timeout)
        return nil
      }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
    if ended?.isLive == true { return }
    if Task.isCancelled { throw HoldfastError(.cancelled, "the task was cancelled while it waited for the cache") }
    let health = ended ?? self.health
    switch health.state {
    case .idle:
      throw HoldfastError(
        .notStarted, "the cache was not started within \(timeout); use withCache, or run() it", key: keyspace.prefix)
    case .stopped: throw HoldfastError(.stopped, "the cache has been stopped")
    default:
      throw HoldfastError(
        health.cause?.code ?? .timeout, "the cache of '\(keyspace.prefix)' is not live after \(timeout): \(health)",
        key: keyspace.prefix, cause: health.cause)
    }
  }
}
