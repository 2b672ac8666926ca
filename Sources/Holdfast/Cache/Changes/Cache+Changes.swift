extension Cache {
  /// The values below a prefix and then their changes, as ``CacheChanges`` says.
  ///
  /// - Parameters:
  ///   - after: Where an earlier iteration left off: the revision of its last update. When the cache still remembers it the
  ///     changes since are told and no `initial` update is; otherwise it begins anew, with an `initial` update that replaces
  ///     what was told before. After a restore that this cache has seen, revisions of before it begin anew as well; those of
  ///     another process's past cannot be told from its own.
  ///   - policy: What becomes of a consumer that is too slow.
  public func changes(
    prefix: some KeyRepresentable = Key(bytes: []), after: Revision? = nil, policy: ChangePolicy = .dropAndResync
  ) -> CacheChanges<Value> {
    CacheChanges(cache: self, range: keyspace.range(ofPrefix: prefix), after: after, policy: policy)
  }

  /// The values between two keys, the second excluded, and then their changes.
  public func changes(
    from start: some KeyRepresentable, to end: some KeyRepresentable, after: Revision? = nil,
    policy: ChangePolicy = .dropAndResync
  ) -> CacheChanges<Value> {
    CacheChanges(cache: self, range: keyspace.range(from: start.key, to: end.key), after: after, policy: policy)
  }

  /// The values from a key on and then their changes.
  public func changes(
    from start: some KeyRepresentable, after: Revision? = nil, policy: ChangePolicy = .dropAndResync
  ) -> CacheChanges<Value> {
    CacheChanges(cache: self, range: keyspace.range(from: start.key, to: nil), after: after, policy: policy)
  }

  /// The value of one key and then its changes.
  public func changes(
    key: some KeyRepresentable, after: Revision? = nil, policy: ChangePolicy = .dropAndResync
  ) -> CacheChanges<Value> {
    CacheChanges(cache: self, range: .key(keyspace.storeKey(for: key)), after: after, policy: policy)
  }

  /// The keyspace as it was at a revision that the cache remembers (see ``CacheConfiguration/historyRevisions``).
  ///
  /// - Throws: ``HoldfastError``: `compacted` for a revision that is too old, or that the cache missed before it listed again;
  ///   `futureRevision` for one that it has not reached; `notStarted`, `notLoaded` or `stopped`.
  public func snapshot(at revision: Revision) throws -> CacheSnapshot<Value> {
    // Says why when there is nothing to read.
    _ = try index.size()
    // Values: the way back is taken while the cache goes on.
    let (machine, history) = try withChanges { ($0, $1.history(of: $0)) }
    let records =
      revision == machine.snapshotRevision
      ? machine.snapshotRecords : try history.base(at: revision, from: machine.base)
    return CacheSnapshot(store: store, decoder: decoder, revision: revision, records: records)
  }
}

extension Cache {
  /// - Throws: ``HoldfastError`` with code `invalidArgument` for one key, if the cache leaves that out.
  func checkHeld(_ range: KeyRange) throws {
    if range.isSingleKey { try decoder.checkHeld(keyspace.relativeKey(of: range.start)) }
  }

  /// Returns when there is something to subscribe to, and nothing that it may be told has been told before.
  func waitToSubscribe(after told: Revision?) async throws {
    if let told, !mayBeFormer(told) {
      do {
        try await wait(for: told, timeout: configuration.followTimeout)
      } catch let error as HoldfastError where error.code == .timeout && health.revision != nil {
        throw HoldfastError(
          .futureRevision, "the cache has not reached revision \(told)", revision: health.revision, cause: error)
      } catch {
        throw error
      }
    } else if try await waiters.wait(for: .zero) != true {
      // Says whether it was never started or is stopped.
      _ = try index.size()
      throw HoldfastError(.stopped, "the cache was stopped while something waited for it")
    }
  }

  /// Whether it may be a revision of before a restore: then nobody waits for it, however high it is.
  private func mayBeFormer(_ revision: Revision) -> Bool {
    (try? withChanges { $1.history(of: $0).mayBeFormer(revision) }) ?? false
  }

  /// Nil when there is nothing to begin with, which is but for a moment.
  func subscribe(
    _ changes: CacheChanges<Value>
  ) throws -> (subscription: ChangeSubscription<Value>, initial: CacheSnapshot<Value>?)? {
    try withChanges { machine, hub in
      guard let revision = machine.revision else { return nil }
      if let after = changes.after, let feed = hub.subscribe(changes.range, changes.policy, after: after, to: machine) {
        return (ChangeSubscription(feed, self), nil)
      }
      return hub.subscribe(changes.range, changes.policy, after: nil, to: machine).map {
        (
          ChangeSubscription($0, self),
          CacheSnapshot(store: store, decoder: decoder, revision: revision, records: machine.base)
        )
      }
    }
  }

  /// How many follow the changes.
  package var changeConsumers: Int { (try? withChanges { $1.count }) ?? 0 }

  func unsubscribe(_ feed: ChangeFeed) { try? withChanges { $1.remove(feed) } }

  /// What has to be told after a loss; nil while there is nothing to compare with.
  func catchUp(_ feed: ChangeFeed) -> ChangeBatch? {
    typealias Base = (loss: ChangeLoss, snapshot: CacheSnapshot<Value>, epoch: Int)
    let base: Base? = try? withChanges { machine, _ in
      guard let revision = machine.revision,
        case .resync(let loss) = feed.handle(.based(revision, epoch: machine.epoch))
      else { return nil }
      let snapshot = CacheSnapshot(store: store, decoder: decoder, revision: revision, records: machine.base)
      return (loss, snapshot, machine.epoch)
    }
    // The comparison takes its time, and nobody else's.
    return base.map { $0.loss.batch(to: $0.snapshot.records, at: $0.snapshot.revision, epoch: $0.epoch) }
  }

  func initial(_ snapshot: CacheSnapshot<Value>, in range: KeyRange) -> KeyspaceUpdate<Value> {
    KeyspaceUpdate(
      kind: .initial, revision: snapshot.revision,
      changes: snapshot.records.records(in: range).filter { !$0.isLeftOut }.map {
        change($0.key, .existing, $0.modRevision, $0, previous: nil)
      })
  }

  func update(_ batch: ChangeBatch) -> KeyspaceUpdate<Value> {
    KeyspaceUpdate(
      kind: batch.isResync ? .resync : .changes, revision: batch.revision,
      changes: batch.changes.map { change($0.key, $0.kind.told(), $0.revision, $0.new, previous: $0.old) },
      beginsEpoch: batch.beginsEpoch)
  }

  private func change(
    _ key: Key, _ kind: KeyspaceChange<Value>.Kind, _ revision: Revision, _ record: CacheRecord?,
    previous: CacheRecord?
  ) -> KeyspaceChange<Value> {
    var stored: Stored<Value>?
    var failure: HoldfastError?
    if let record {
      do { stored = try decoder.value(of: record) } catch { failure = HoldfastError(wrapping: error) }
    }
    return KeyspaceChange(
      kind: kind, key: keyspace.relativeKey(of: key), revision: revision, stored: stored, error: failure,
      previous: previous.flatMap { try? decoder.value(of: $0) })
  }
}

extension BaseChange.Kind {
  fileprivate func told<Value>() -> KeyspaceChange<Value>.Kind {
    switch self {
    case .created: .created
    case .modified: .modified
    case .replaced: .replaced
    case .deleted: .deleted
    }
  }
}
