public import HoldfastCore
internal import Synchronization

/// A store with etcd's semantics that lives in this process's memory and needs no server.
///
/// It is etcd in everything that can be seen through ``Backend``: revisions, transactions, leases, compaction, watches from old
/// revisions, and the errors. A call gives other tasks their turn and is then answered, without a quorum or a disk; a call of
/// a cancelled task still runs. History is kept until ``compact(_:)``, as in etcd.
///
/// ``run()`` ends expired leases, and nothing else: before it starts and after it ended every call works, but no lease expires
/// by itself. Everything is gone with the last reference to the engine.
public final class EmbeddedEngine: Backend {
  struct State {
    var store: MVCCStore
    /// The watches that are being iterated.
    var watches: [Int: WatchCursor] = [:]
    /// Those of them whose consumer waits, and the waiting lease timers.
    var waiting: [Int: Waiter] = [:]
    var lastID = 0
  }

  let state: Mutex<State>
  let time: TimeSource

  /// What the engine accepts in one request: etcd's defaults.
  public let limits: BackendLimits

  /// An empty store at revision 1.
  ///
  /// - Parameters:
  ///   - clock: tells the time of leases; a test hands in one that it moves itself.
  ///   - limits: what one request may hold.
  public init(clock: some Clock<Duration> = ContinuousClock(), limits: BackendLimits = BackendLimits()) {
    self.limits = limits
    time = TimeSource(clock)
    // A cluster id of its own, so that revisions of two engines are never taken for those of one.
    let store = MVCCStore(clusterID: .random(in: 1 ... .max), memberID: 1, limits: limits)
    state = Mutex(State(store: store))
  }

  /// Reads the store's state.
  func read<R: Sendable>(_ body: (MVCCStore) throws -> R) async throws(HoldfastError) -> R {
    // A turn for others, as the wait for a network would be: else tasks that repeat a call until another one has done its
    // part take all threads, and that one never runs.
    await Task.yield()
    do {
      return try state.withLock { try body($0.store) }
    } catch {
      throw HoldfastError(wrapping: error)
    }
  }

  /// Changes the store's state, then wakes those whom it concerns.
  func change<R: Sendable>(_ body: (inout State) throws -> R) async throws(HoldfastError) -> R {
    await Task.yield()
    do {
      let (result, woken) = try state.withLock { state in
        let result = try body(&state)
        return (result, state.takeWaitersWithNews())
      }
      for waiter in woken { waiter.continuation.resume() }
      return result
    } catch {
      throw HoldfastError(wrapping: error)
    }
  }
}
