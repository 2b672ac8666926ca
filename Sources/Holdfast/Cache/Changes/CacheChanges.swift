/// The changes of a cache's keyspace or a part of it, from memory: first what is there, then every change, in order, once. The
/// store and other consumers are not concerned by how many iterate or how slow they are. As in a snapshot a write of this process
/// is told when the watch has brought it, in its place among the others.
///
/// Made by ``Cache/changes(prefix:after:policy:)`` and the like. Each iteration is a consumer of its own and begins with its
/// first `next()`, which waits for the cache to be loaded:
/// - an `initial` update with the state (not for one that resumes after a revision that the cache remembers);
/// - then `changes`, whole revisions in order, each change with the key's previous value. One without changes only says that its
///   revision was reached: a part where nothing happens is told so now and then, so that a revision to resume after does not
///   grow too old;
/// - `resync` where the history between is not known, with the net difference to what was told before: after a compaction, a
///   repair, a restored store (``KeyspaceUpdate/beginsEpoch``), or when the consumer was too slow (see ``ChangePolicy``).
///
/// After each update what was told is exactly the part at ``KeyspaceUpdate/revision``. That is also what to resume after.
///
/// It ends (nil) when the task is cancelled, and throws ``HoldfastError``: `invalidArgument` for the key of one that the cache leaves out
/// (``CacheConfiguration/keyFilter``); `notStarted`; `stopped` when the cache is stopped, after
/// what was waiting (a restarted cache needs a new iteration); `resourceExhausted` with ``ChangePolicy/backPressure``;
/// `futureRevision` when it shall resume after a revision that the store has not reached, or the cache does not reach within its
/// configuration's `followTimeout`. What waits for the consumer is released with the iterator, or when its task is cancelled.
public struct CacheChanges<Value: Sendable>: AsyncSequence, Sendable {
  public typealias Element = KeyspaceUpdate<Value>

  let cache: Cache<Value>
  let range: KeyRange
  let after: Revision?
  let policy: ChangePolicy

  public func makeAsyncIterator() -> Iterator { Iterator(changes: self) }

  public struct Iterator: AsyncIteratorProtocol {
    let changes: CacheChanges
    private var subscription: ChangeSubscription<Value>?
    private var isFinished = false

    fileprivate init(changes: CacheChanges) { self.changes = changes }

    public mutating func next() async throws -> KeyspaceUpdate<Value>? {
      guard !isFinished else { return nil }
      do {
        if let update = try await advance() { return update }
      } catch let error as HoldfastError where error.code == .cancelled {
        // As at the end.
      } catch {
        finish()
        throw error
      }
      finish()
      return nil
    }

    private mutating func advance() async throws -> KeyspaceUpdate<Value>? {
      while !Task.isCancelled {
        guard let subscription else {
          if let initial = try await open() { return initial }
          continue
        }
        if let update = try subscription.take() { return update }
        await subscription.feed.signal.wait()
        _ = subscription.feed.signal.take()
      }
      return nil
    }

    /// Begins, with what is there unless the history since the given revision is known.
    private mutating func open() async throws -> KeyspaceUpdate<Value>? {
      try changes.cache.checkHeld(changes.range)
      try await changes.cache.waitToSubscribe(after: changes.after)
      guard let opening = try changes.cache.subscribe(changes) else { return nil }
      subscription = opening.subscription
      return opening.initial.map { changes.cache.initial($0, in: changes.range) }
    }

    private mutating func finish() {
      isFinished = true
      subscription = nil
    }
  }
}

/// A consumer's place in its cache; ends with the iterator.
final class ChangeSubscription<Value: Sendable>: Sendable {
  let feed: ChangeFeed
  private let cache: Cache<Value>

  init(_ feed: ChangeFeed, _ cache: Cache<Value>) {
    self.feed = feed
    self.cache = cache
  }

  deinit { cache.unsubscribe(feed) }

  /// The next update, if there is one.
  func take() throws -> KeyspaceUpdate<Value>? {
    switch feed.handle(.demanded) {
    case .deliver(let batch): return cache.update(batch)
    case .needBase: return cache.catchUp(feed).map(cache.update)
    case .finish(let error): throw error
    case .resync, .wake, nil: return nil
    }
  }
}
