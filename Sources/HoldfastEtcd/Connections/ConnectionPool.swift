import HoldfastCore
import HoldfastEtcdMachines
import Synchronization

/// One connection to each member in use, opened by the first call that needs it while others wait for the same one.
///
/// Nothing runs here by itself: the caller that finds no connection makes it in its own task.
final class ConnectionPool: Sendable {
  typealias Connect = @Sendable (_ endpoint: Int) async throws(RPCError) -> any RPCConnection

  /// Why there is no connection.
  enum Failure: Error {
    case stopped
    case failed(CallFailure)
  }

  private enum Slot {
    case empty
    case connecting(ConnectWaiters)
    case open(PooledConnection)
  }

  private struct State {
    /// By endpoint. None is as good as an empty one.
    var slots: [Int: Slot] = [:]
    var retired: [PooledConnection] = []
    /// Retired ones that nobody uses any more, until they are closed.
    var closing: [PooledConnection] = []
    /// The only endpoints whose connections are kept; nil for all.
    var kept: Set<Int>?
    var isStopped = false
    /// Counts the stops, so that what was being connected across one is not kept.
    var generation = 0
    var nextWaiter: UInt64 = 0
  }

  private enum Step {
    case use(PooledConnection)
    case connect(generation: Int)
    case wait(UInt64)
    case stopped
  }

  private let state = Mutex(State())
  private let makeConnection: Connect
  private let name: @Sendable (_ endpoint: Int) -> String
  private let time: TimeSource

  /// - Parameter name: What errors call an endpoint.
  init(time: TimeSource, name: @escaping @Sendable (_ endpoint: Int) -> String, connect: @escaping Connect) {
    makeConnection = connect
    self.name = name
    self.time = time
  }

  /// A connection to the endpoint, entered: whoever gets it must `release` it. The time limits connecting only.
  func acquire(_ endpoint: Int, within limit: Duration) async throws(Failure) -> PooledConnection {
    if case .use(let connection) = step(endpoint, enqueue: false) { return connection }
    collect()
    let outcome = await withDeadline(limit, time) { () async -> Result<PooledConnection, Failure> in
      do throws(Failure) {
        return .success(try await self.connected(endpoint))
      } catch {
        return .failure(error)
      }
    }
    switch outcome.value {
    case .success(let connection): return connection
    case .failure(.stopped): throw .stopped
    case .failure(.failed(let failure)):
      guard outcome.isLate && !Task.isCancelled else { throw .failed(failure) }
      let text = "no connection to \(name(endpoint)) in time"
      throw .failed(CallFailure(.deadlineExceeded, text, progress: .notProcessed))
    }
  }

  func release(_ connection: PooledConnection) {
    connection.leave()
    if connection.isDone { collect() }
  }

  /// Lets nobody new use the connection.
  func retire(_ connection: PooledConnection) {
    state.withLock { state in
      if case .open(let held) = state.slots[connection.endpoint], held === connection {
        state.slots[connection.endpoint] = .empty
        state.retired.append(connection)
      }
    }
    connection.retire()
    collect()
  }

  /// Lets nobody new use the connections to other endpoints than these, from now on: one that is being opened serves its call.
  func retire(except endpoints: Set<Int>) {
    let others = state.withLock { state in
      state.kept = endpoints
      return state.slots.compactMap { endpoint, slot -> PooledConnection? in
        if case .open(let connection) = slot, !endpoints.contains(endpoint) { connection } else { nil }
      }
    }
    for connection in others { retire(connection) }
  }

  /// Fails what is under way, closes everything, and refuses new calls until `restart`. What must run to its end at the server does
  /// so before, for a few seconds.
  func stop() async {
    let (connections, waiting) = state.withLock { state -> ([PooledConnection], [ConnectWaiters]) in
      state.isStopped = true
      state.generation += 1
      // Those that are being closed are waited for.
      var connections = state.retired + state.closing
      var waiting: [ConnectWaiters] = []
      for slot in state.slots.values {
        switch slot {
        case .empty: break
        case .connecting(let waiters): waiting.append(waiters)
        case .open(let connection): connections.append(connection)
        }
      }
      state.retired = []
      state.slots = [:]
      return (connections, waiting)
    }
    for waiters in waiting { waiters.resumeAll(.look) }
    await withTaskGroup(of: Void.self) { group in
      for connection in connections {
        connection.retire()
        group.addTask { await connection.connection.close() }
      }
    }
  }

  func restart() { state.withLock { $0.isStopped = false } }

  var isStopped: Bool { state.withLock { $0.isStopped } }

  // MARK: Connecting

  private func connected(_ endpoint: Int) async throws(Failure) -> PooledConnection {
    while true {
      switch step(endpoint, enqueue: true) {
      case .use(let connection): return connection
      case .stopped: throw .stopped
      case .connect(let generation): return try await connect(endpoint, generation)
      case .wait(let waiter):
        if case .failed(let failure) = await wait(endpoint, waiter) { throw .failed(failure) }
        if Task.isCancelled {
          throw .failed(CallFailure(.cancelled, "the task was cancelled", progress: .notProcessed))
        }
      }
    }
  }

  private func step(_ endpoint: Int, enqueue: Bool) -> Step {
    state.withLock { state in
      if state.isStopped { return .stopped }
      switch state.slots[endpoint, default: .empty] {
      case .open(let connection):
        if connection.enter() { return .use(connection) }
        guard enqueue else { return .connect(generation: state.generation) }
        connection.retire()
        state.retired.append(connection)
      case .connecting:
        state.nextWaiter += 1
        return .wait(state.nextWaiter)
      case .empty: break
      }
      if enqueue { state.slots[endpoint] = .connecting(ConnectWaiters()) }
      return .connect(generation: state.generation)
    }
  }

  private func connect(_ endpoint: Int, _ generation: Int) async throws(Failure) -> PooledConnection {
    let made: Result<any RPCConnection, RPCError>
    do { made = .success(try await makeConnection(endpoint)) } catch { made = .failure(error) }
    switch made {
    case .success(let connection):
      let pooled = PooledConnection(connection, endpoint: endpoint)
      // If it is unusable already the caller learns it from its call.
      let isEntered = pooled.enter()
      let waiters = finish(endpoint, generation, .open(pooled))
      guard let waiters, isEntered else {
        pooled.retire()
        waiters?.resumeAll(.look)
        await connection.close()
        if waiters == nil { throw .stopped }
        let text = "the connection was lost as soon as it stood"
        throw .failed(CallFailure(.unavailable, text, progress: .notProcessed))
      }
      waiters.resumeAll(isKept(endpoint) ? .look : .failed(Self.leftEndpoint))
      return pooled
    case .failure(let error):
      let failure = CallFailure(error, isCancelled: Task.isCancelled).beforeSending
      // The others did not cancel: one of them tries again.
      finish(endpoint, generation, .empty)?.resumeAll(Task.isCancelled ? .look : .failed(failure))
      throw .failed(failure)
    }
  }

  /// Puts what came of connecting into the slot; nil when the pool was stopped meanwhile.
  private func finish(_ endpoint: Int, _ generation: Int, _ slot: Slot) -> ConnectWaiters? {
    state.withLock { state in
      guard state.generation == generation, case .connecting(let waiters) = state.slots[endpoint] else { return nil }
      state.slots[endpoint] = slot
      // Nobody would ever close it.
      if case .open(let connection) = slot, state.kept?.contains(endpoint) == false {
        state.slots[endpoint] = .empty
        state.retired.append(connection)
        connection.retire()
      }
      return waiters
    }
  }

  private func isKept(_ endpoint: Int) -> Bool { state.withLock { $0.kept?.contains(endpoint) ?? true } }

  /// Those who waited for the connection go where calls go now.
  private static let leftEndpoint = CallFailure(
    .unavailable, "calls do not go to this endpoint any more", progress: .notProcessed)

  private func wait(_ endpoint: Int, _ waiter: UInt64) async -> ConnectWaiters.Signal {
    let waiters = state.withLock { state -> ConnectWaiters? in
      if case .connecting(let waiters) = state.slots[endpoint] { waiters } else { nil }
    }
    // It was finished in between: look again.
    guard let waiters else { return .look }
    return await waiters.wait(waiter)
  }

  /// Closes the retired connections that nobody uses any more. Nobody has to wait for that.
  private func collect() {
    let done = state.withLock { state -> [PooledConnection] in
      guard !state.retired.isEmpty else { return [] }
      let done = state.retired.filter(\.isDone)
      state.retired.removeAll(where: { connection in done.contains { $0 === connection } })
      state.closing += done
      return done
    }
    for connection in done {
      Task {
        await connection.connection.close()
        state.withLock { $0.closing.removeAll { $0 === connection } }
      }
    }
  }
}

extension CallFailure {
  /// The same failure of a connection on which nothing was sent yet.
  var beforeSending: CallFailure {
    var failure = self
    failure.progress = .notProcessed
    return failure
  }
}
