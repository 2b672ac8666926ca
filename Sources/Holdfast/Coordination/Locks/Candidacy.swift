import HoldfastCore

/// Acts for a ``CandidacyMachine``: asks the store, watches and sleeps.
struct Candidacy: Sendable {
  private let store: Store
  private let lease: Lease
  private let time: TimeSource
  private var machine: CandidacyMachine
  private var actions: [CandidacyMachine.Action] = []

  init(_ store: Store, prefix: Key, value: [UInt8], lease: Lease, isPatient: Bool, time: TimeSource) {
    self.store = store
    self.lease = lease
    self.time = time
    machine = CandidacyMachine(prefix: prefix, lease: lease.id, value: value, isPatient: isPatient)
  }

  var key: Key { machine.key }

  /// Returns when it is this candidate's turn, with the create revision of its key.
  mutating func acquire() async throws -> Revision {
    actions = handle(.start)
    while true {
      switch await act() {
      case .hold(let token): return token
      case .fail(let error), .lost(let error): throw error
      default: continue
      }
    }
  }

  /// Returns when the key is gone, with the error that says so, or when the task is cancelled.
  mutating func hold() async -> HoldfastError? {
    while !Task.isCancelled {
      if case .lost(let error) = await act() { return error }
    }
    return nil
  }

  private mutating func act() async -> CandidacyMachine.Action {
    guard !actions.isEmpty else { return .fail(HoldfastError(.internal, "the place in a queue came to no end")) }
    let action = actions.removeFirst()
    do {
      switch action {
      case .transact(let request): actions += handle(.answered(try await store.transact(request)))
      case .watch(let key, let revision):
        try await deletion(of: key, from: revision)
        actions += handle(.watched)
      case .wait(let pause):
        try await time.sleep(time.now() + pause)
        actions += handle(.woken)
      case .hold, .fail, .lost: break
      }
    } catch {
      actions += handle(.failed(HoldfastError(wrapping: error)))
    }
    return action
  }

  private mutating func handle(_ input: CandidacyMachine.Input) -> [CandidacyMachine.Action] {
    machine.handle(input, jitter: .random(in: 0..<1))
  }

  /// Returns when the key was deleted, or the watch ended, or after the lease's time to live: some servers lose events, and a
  /// place that nobody comes for is for ever.
  private func deletion(of key: Key, from revision: Revision) async throws {
    var request = WatchRequest(.key(key), from: revision)
    request.withoutPuts = true
    let updates = store.backend.watch(request)
    _ = try await withTimeout(lease.ttl, time) {
      for try await update in updates {
        switch update {
        case .batch(let batch) where !batch.events.isEmpty: return
        case .started(let header) where header.revision < revision.previous:
          // A member that lags, or a store that was restored: what it does next may never reach this watch.
          throw HoldfastError(.unavailable, "the watch is served at \(header.revision), before \(revision)")
        default: continue
        }
      }
    }
  }
}

extension Store {
  /// Runs the body when it is its turn at the prefix, with a lease of its own and the create revision of its key.
  func withPlace<R: Sendable>(
    _ prefix: Key, value: [UInt8], ttl: Duration, isPatient: Bool, configuration: LeaseConfiguration,
    _ body: @escaping @Sendable (_ key: Key, _ token: Revision, _ lease: Lease) async throws -> R
  ) async throws -> R {
    try await withLease(ttl: ttl, configuration: configuration) { lease in
      while true {
        var candidacy = Candidacy(
          self, prefix: prefix, value: value, lease: lease, isPatient: isPatient, time: configuration.time)
        let token: Revision
        do {
          token = try await candidacy.acquire()
        } catch {
          // The key may also be lost before its turn.
          let isLoss = (error as? HoldfastError)?.code == .lockLost
          guard isLoss, configuration.restartsAfterLoss, !Task.isCancelled else { throw error }
          continue
        }
        let holder = candidacy
        let guarded = await withGuardian {
          var holder = holder
          return await holder.hold()
        } _: {
          try await body(holder.key, token, lease)
        }
        switch guarded {
        case .ended(let result): return try result.get()
        case .lost(let error):
          guard configuration.restartsAfterLoss, !Task.isCancelled else { throw error }
        }
      }
    }
  }
}
