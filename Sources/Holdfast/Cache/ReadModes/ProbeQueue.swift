import Synchronization

/// Those who want to know how far the store is.
final class ProbeQueue: Sendable {
  struct Answer: Sendable {
    let header: ResponseHeader
    let epoch: Int
  }

  typealias Waiter = CheckedContinuation<Answer, any Error>

  private struct State {
    var isOpen = false
    var nextID = 0
    var sharing = ProbeSharing()
    var waiters: [Int: Waiter] = [:]
  }

  private let state = Mutex(State())
  /// Somebody has asked.
  let requests = Mailbox<Void>()

  func open() { state.withLock { $0.isOpen = true } }

  /// Nobody sends probes any more.
  func close() {
    let waiting = state.withLock { state in
      state.isOpen = false
      state.sharing = ProbeSharing()
      defer { state.waiters = [:] }
      return state.waiters.values
    }
    for waiter in waiting { waiter.resume(throwing: Self.closed) }
  }

  fileprivate static var closed: HoldfastError { HoldfastError(.stopped, "the cache has been stopped") }

  /// Sends a probe whose answer nobody waits for.
  func nudge() {
    state.withLock { if $0.isOpen { $0.sharing.ask(0) } }
    requests.put(())
  }

  /// The answer to a quorum read that is sent after this call.
  func ask() async throws -> Answer {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let error: (any Error)? = state.withLock { state in
          if !state.isOpen { return Self.closed }
          if Task.isCancelled { return CancellationError() }
          state.waiters[id] = continuation
          state.sharing.ask(id)
          return nil
        }
        if let error { continuation.resume(throwing: error) } else { requests.put(()) }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.sharing.leave(id)
        return state.waiters.removeValue(forKey: id)
      }
      waiter?.resume(throwing: CancellationError())
    }
  }

  /// Whether somebody waits; then a probe must be made and sent after this.
  func send() -> Bool {
    state.withLock { state in
      guard state.sharing.isDue else { return false }
      state.sharing.send()
      return true
    }
  }

  func end(_ result: Result<Answer, any Error>) {
    let waiters = state.withLock { state in state.sharing.end().compactMap { state.waiters.removeValue(forKey: $0) } }
    for waiter in waiters { waiter.resume(with: result) }
  }
}

extension Cache {
  /// Sends the probes that somebody asks for, one after the other.
  func answerProbes() async {
    while !Task.isCancelled {
      await probes.requests.wait()
      _ = probes.requests.take()
      while !Task.isCancelled, probes.send() {
        let probe = makeProbe()
        do {
          let answer = try await store.backend.range(probe.request)
          handle(.probed(probe, answer))
          probes.end(.success(ProbeQueue.Answer(header: answer.header, epoch: probe.epoch)))
        } catch {
          handle(.probeFailed(error, epoch: probe.epoch))
          // That this task is not wanted any more is not the readers' error.
          probes.end(.failure(Task.isCancelled ? ProbeQueue.closed : error))
        }
      }
    }
  }

  /// Asks now and then, and looks whether the answers confirm what the cache holds.
  func watchOver() async {
    let time = configuration.time
    while !Task.isCancelled {
      // Whatever the answer is, or if there is none: the machine goes by what it was told.
      _ = try? await withTimeout(configuration.staleAfter, time) { try await self.probes.ask() }
      handle(.lookAfter(now: time.now(), limit: configuration.staleAfter))
      try? await time.sleep(time.now() + configuration.probeInterval)
    }
  }
}
