/// An election of that name: candidates campaign, one of them leads, anybody may look who.
///
/// It is etcd's own recipe: candidates that use Go's `concurrency.Election` or `etcdctl elect` stand in the same election. Make
/// one with ``Store/election(_:)``; it does nothing by itself. Names must not be nested: every key below a name stands in its
/// election, so `/a` waits for the leaders of `/a/b`.
public struct Election: Sendable {
  let store: Store
  /// The election's name in the store; its candidates' keys are below it.
  public let name: Key

  /// Runs the body as the leader, when it is this candidate's turn; candidates lead in the order of their arrival. When the body
  /// ends it has resigned, and the next one leads.
  ///
  /// It behaves as ``Store/withLock(_:ttl:configuration:_:)`` in everything: the body's task is cancelled when the leadership is
  /// lost, and the loss thrown; a leader that does not know of its loss yet is refused where ``Leadership/condition`` or
  /// ``Leadership/token`` are looked at. With `restartsAfterLoss` it campaigns again by itself.
  ///
  /// - Parameters:
  ///   - value: What observers see of this candidate when it leads: its address, say.
  ///   - ttl: After what time another candidate leads when this process ends without resigning.
  /// - Throws: As ``Store/withLock(_:ttl:configuration:_:)``.
  @discardableResult
  public func campaign<R: Sendable>(
    _ value: String, ttl: Duration, configuration: LeaseConfiguration = LeaseConfiguration(),
    _ body: @escaping @Sendable (Leadership) async throws -> R
  ) async throws -> R {
    try await store.withPlace(
      try name.asQueue, value: Array(value.utf8), ttl: ttl, isPatient: true, configuration: configuration
    ) { [store] key, token, lease in
      try await body(Leadership(store: store, key: key, token: token, lease: lease))
    }
  }

  /// Who leads now, nil when nobody does. A linearizable read.
  public func leader() async throws -> Leader? {
    var request = RangeRequest(.prefix(try name.asQueue))
    (request.sortTarget, request.sortOrder, request.limit) = (.createRevision, .ascending, 1)
    return try await store.backend.range(request).keyValues.first.map(Leader.init)
  }

  /// Who leads, from now on: first who does, then every change, in order: another leader, nobody (nil), another value of the same
  /// leader. It changes nothing in the election.
  public func observe() -> ElectionUpdates { ElectionUpdates(election: self) }
}

extension Store {
  /// The election of that name, such as `/acme/elections/scheduler`.
  public func election(_ name: some KeyRepresentable) -> Election { Election(store: self, name: name.key) }
}

/// The candidate that leads an election, as everybody sees it.
public struct Leader: Hashable, Sendable {
  /// The key that stands for it in the store.
  public let key: Key
  /// What it said of itself last.
  public let value: [UInt8]
  /// The fencing token: higher than those of all leaders before.
  public let token: Revision
  /// The revision at which it said so.
  public let modRevision: Revision

  init(_ keyValue: KeyValue) {
    key = keyValue.key
    value = keyValue.value
    token = keyValue.createRevision
    modRevision = keyValue.modRevision
  }

  /// The value as a string, or nil when its bytes are not valid UTF-8.
  public var text: String? { String(validating: value, as: UTF8.self) }
}

/// The leadership of an election while it lasts.
public struct Leadership: Sendable {
  private let store: Store
  /// The key that stands for this leader in the store.
  public let key: Key
  /// The fencing token: the create revision of the key, higher than those of all leaders before. See ``HeldLock/token``.
  public let token: Revision
  /// The lease that the leadership lives by.
  public let lease: Lease

  init(store: Store, key: Key, token: Revision, lease: Lease) {
    (self.store, self.key, self.token, self.lease) = (store, key, token, lease)
  }

  /// That this leader still leads, for the transactions of what only a leader may write. See ``HeldLock/condition``.
  public var condition: Condition { Condition(Compare(key: key, .createRevision(token))) }

  /// Changes what observers see of this leader, and returns the revision of the change.
  ///
  /// - Throws: ``HoldfastError``: `lockLost` when it does not lead any more, with outcome `refused`; otherwise as the store does.
  ///   It may be repeated when its outcome is unknown.
  @discardableResult
  public func proclaim(_ value: String) async throws -> Revision {
    let put = PutRequest(key: key, value: Array(value.utf8), lease: lease.id, previous: true)
    let answer = try await store.transact(
      TransactionRequest(compares: [condition.compare], success: [.put(put)]))
    guard answer.succeeded else {
      throw HoldfastError(
        .lockLost, "the leadership is lost: its key was deleted, alone or with its lease", key: key, outcome: .refused,
        revision: answer.header.revision)
    }
    return answer.header.revision
  }
}
