/// A lock while it is held.
public struct HeldLock: Hashable, Sendable {
  /// The key that stands for this holder in the store: the lock's name, a slash, and the lease in hexadecimal.
  public let key: Key
  /// The fencing token: the create revision of the key. Every holder of a lock has a higher one than all before. Hand it to
  /// whatever else the lock protects, so that it can refuse a holder that does not know yet that it was replaced.
  public let token: Revision
  /// The lease that the lock lives by.
  public let lease: Lease

  /// That the lock is still held by this holder: in an operation's `.if(lock.condition)`, or a transaction's conditions, it has
  /// the store refuse what a holder writes that was replaced (`constraintViolated`).
  public var condition: Condition { Condition(Compare(key: key, .createRevision(token))) }
}

/// Mutual exclusion, by etcd's own recipe: processes that use Go's `concurrency.Mutex` or `etcdctl lock` with the same name
/// exclude these and are excluded.
extension Store {
  /// Runs the body while it holds the lock of that name; waits for its turn before. Turns come in the order of arrival.
  ///
  /// When the lock is lost, because its lease is or because somebody deleted its key, the body's task is cancelled, and the loss
  /// thrown once it has ended. That is no proof that nothing happened meanwhile: the new holder does not wait for the old one to
  /// notice, and no lock on a lease can make it. What must not happen twice needs ``HeldLock/condition`` in its transaction, or
  /// ``HeldLock/token`` where it goes.
  ///
  /// A task that waits keeps its turn when connections break, as long as its lease can be kept alive. When it is cancelled its turn
  /// is given up. When the body ends the lock is released, within the configuration's `revokeTimeout`; if that fails, after the
  /// time to live.
  ///
  /// The lock is not reentrant: a body that asks for the same name waits for itself until it is cancelled; ``tryLock(_:ttl:configuration:_:)``
  /// throws there.
  ///
  /// Names must not be nested: as in etcd's recipe every key below a name counts as a candidate for it, so the lock `/a` waits for
  /// those who hold `/a/b` or wait for it.
  ///
  /// - Parameters:
  ///   - name: The lock's name in the store, such as `/acme/locks/nightly`. Its keys are below it.
  ///   - ttl: After what time others get the lock when this process ends without releasing it. The holder of a lock with a short
  ///     one loses it to short outages.
  ///   - body: What to do while holding it, in a task of its own.
  /// - Throws: What the body throws. ``HoldfastError``: `leaseExpired` or `lockLost` for a loss; what the store answered when it
  ///   refuses; `cancelled` or `CancellationError` when the task was cancelled while it waited.
  @discardableResult
  public func withLock<R: Sendable>(
    _ name: some KeyRepresentable, ttl: Duration, configuration: LeaseConfiguration = LeaseConfiguration(),
    _ body: @escaping @Sendable (HeldLock) async throws -> R
  ) async throws -> R {
    try await lock(name.key, ttl: ttl, isPatient: true, configuration: configuration, body)
  }

  /// As ``withLock(_:ttl:configuration:_:)``, but where somebody holds the lock, or waits for it, it throws `lockHeld` at once.
  @discardableResult
  public func tryLock<R: Sendable>(
    _ name: some KeyRepresentable, ttl: Duration, configuration: LeaseConfiguration = LeaseConfiguration(),
    _ body: @escaping @Sendable (HeldLock) async throws -> R
  ) async throws -> R {
    try await lock(name.key, ttl: ttl, isPatient: false, configuration: configuration, body)
  }

  private func lock<R: Sendable>(
    _ name: Key, ttl: Duration, isPatient: Bool, configuration: LeaseConfiguration,
    _ body: @escaping @Sendable (HeldLock) async throws -> R
  ) async throws -> R {
    try await withPlace(
      try name.asQueue, value: [], ttl: ttl, isPatient: isPatient, configuration: configuration
    ) { key, token, lease in
      try await body(HeldLock(key: key, token: token, lease: lease))
    }
  }
}

extension Key {
  /// Where the candidates for a lock or an election of this name have their keys. As in Go the slash is always added.
  var asQueue: Key {
    get throws {
      guard !isEmpty else { throw HoldfastError(.invalidArgument, "a lock or an election needs a name") }
      return Key(bytes: bytes + [Key.separator])
    }
  }
}
