import Synchronization

/// One of several caches that are to be read at one revision, whatever its values are.
protocol SnapshotParticipant: Sendable {
  var store: Store { get }
  /// How far the cache is.
  func mark() throws -> CacheMark
  /// The store's revision, by a read that is sent after this call.
  func ask() async throws -> Revision
  /// Takes the range at the revision if that needs no more than memory.
  func look(at revision: Revision) throws -> SnapshotLook
  /// Waits until the range can be taken at the revision, or cannot any more.
  func take(at revision: Revision) async throws -> SnapshotLook
  /// What the cache waits for, or what hindered it last, for those who have waited too long.
  var trouble: (text: String, prefix: Key, cause: HoldfastError?)? { get }
}

enum SnapshotLook: Sendable {
  /// It is taken. Whether by a read of the store.
  case shown(CacheMark, isProven: Bool)
  case lost
  case open
}

/// A cache, and its snapshot once that is taken.
final class SnapshotSeat<Value: Sendable>: SnapshotParticipant {
  private enum Awaited { case answer, revision(Revision) }

  private struct State {
    var snapshot: CacheSnapshot<Value>?
    /// When the store was asked how far it is.
    var asked: Duration?
    var awaited: Awaited?
    var error: HoldfastError?
  }

  private let cache: Cache<Value>
  private let state = Mutex(State())

  init(_ cache: Cache<Value>) { self.cache = cache }

  var store: Store { cache.store }
  private var time: TimeSource { cache.configuration.time }

  func mark() throws -> CacheMark { try cache.mark() }

  func snapshot() throws -> CacheSnapshot<Value> {
    guard let snapshot = state.withLock({ $0.snapshot }) else {
      throw HoldfastError(.internal, "the caches agreed on a revision that one of them was not read at")
    }
    return snapshot
  }

  func ask() async throws -> Revision {
    state.withLock { $0.awaited = .answer }
    var pause = Duration.milliseconds(2)
    while true {
      let sent = time.now()
      do {
        if let answer = try await cache.probes.ask() {
          state.withLock { ($0.asked, $0.awaited) = (sent, nil) }
          return answer.header.revision
        }
      } catch {
        try await passOver(error)
      }
      try await time.sleep(time.now() + pause)
      pause = min(pause * 2, .milliseconds(100))
    }
  }

  func look(at revision: Revision) throws -> SnapshotLook { try see(revision).look }

  private typealias Pinned = PinnedProbe

  private func see(_ revision: Revision) throws -> (look: SnapshotLook, pinned: Pinned?) {
    let now = time.now()
    // Values: history is undone while the cache goes on.
    var seen: (machine: CacheMachine, history: HistoryWindow)?
    let mark = try cache.mark { seen = ($0, $1.history(of: $0)) }
    switch seen.map({ $0.machine.sight(at: revision, $0.history, now: now) }) ?? .doubtful {
    case .shown(let records):
      keep(records, at: revision, mark)
      return (.shown(mark, isProven: false), nil)
    case .lost(let error):
      state.withLock { ($0.error, $0.awaited) = (error, nil) }
      return (.lost, nil)
    case .unproven(let pinned): return (.open, pinned)
    case .doubtful: return (.open, nil)
    }
  }

  func take(at revision: Revision) async throws -> SnapshotLook {
    state.withLock { $0.awaited = .revision(revision) }
    var pause = Duration.milliseconds(2)
    while true {
      let (look, pinned) = try see(revision)
      guard case .open = look else { return look }
      var next = try cache.mark().revision.next
      if let pinned {
        switch try await prove(pinned, revision) {
        case .looked(let look): return look
        case .waits(let newest): next = max(next, newest)
        }
      }
      // The watch may bring it; if not, something may have happened that undoes what it brought.
      _ = try await cache.waiters.wait(for: next, until: time.now() + pause)
      pause = min(pause * 2, .milliseconds(100))
    }
  }

  private enum Finding {
    case looked(SnapshotLook)
    /// Below this nothing can be proven.
    case waits(Revision)
  }

  /// Looks whether the store held at that revision what the cache had.
  private func prove(_ pinned: Pinned, _ revision: Revision) async throws -> Finding {
    do {
      let answer = try await store.backend.range(pinned.probe.request)
      // Snapshots state it from now on, and so do not go back behind what is shown here.
      cache.handle(.probed(pinned.probe, answer))
      let mark = try cache.mark()
      guard let records = pinned.proves(answer), mark.revision >= revision else {
        return .waits(answer.keyValues.first?.modRevision ?? .zero)
      }
      keep(records, at: revision, mark)
      return .looked(.shown(mark, isProven: true))
    } catch let error as HoldfastError where [.compacted, .futureRevision].contains(error.code) {
      // The store has forgotten it, or was restored.
      state.withLock { ($0.error, $0.awaited) = (error, nil) }
      return .looked(.lost)
    } catch {
      try await passOver(error)
      return .waits(.zero)
    }
  }

  private func keep(_ records: RecordMap, at revision: Revision, _ mark: CacheMark) {
    let now = time.now()
    state.withLock { state in
      // What was asked before is not beyond the revision; what confirms the cache may be.
      let times = [state.asked, mark.revision == revision ? mark.confirmed : nil]
      let age = times.lazy.compactMap { $0 }.max().map { max(.zero, now - $0) }
      state.snapshot = CacheSnapshot(
        store: cache.store, decoder: cache.decoder, revision: revision,
        freshness: Freshness(source: .memory, age: age), records: records)
      state.awaited = nil
    }
  }

  /// Takes note of an error that may pass; throws others.
  private func passOver(_ error: any Error) async throws {
    guard let error = error as? HoldfastError, error.isTransient else { throw error }
    state.withLock { $0.error = error }
  }

  var trouble: (text: String, prefix: Key, cause: HoldfastError?)? {
    let (awaited, error) = state.withLock { ($0.awaited, $0.error) }
    let health = cache.health
    let place = health.revision.map { "is at revision \($0)" } ?? "has not loaded"
    let name = "the cache of '\(cache.keyspace.prefix)'"
    let cause = health.cause ?? error
    switch awaited {
    case .answer:
      return ("\(name) has no answer from the store; it \(place) and is \(health)", cache.keyspace.prefix, cause)
    case .revision(let revision):
      return ("\(name) \(place) and has not reached \(revision); it is \(health)", cache.keyspace.prefix, cause)
    case nil:
      return error.map { ("\(name) was passed by again and again: \($0.message)", cache.keyspace.prefix, $0) }
    }
  }
}
