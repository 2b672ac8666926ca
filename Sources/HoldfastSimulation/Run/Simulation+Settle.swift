import Holdfast
import HoldfastCore
import HoldfastEtcdMachines

/// The end of a run: no more faults, and everybody gets the time that is needed.
extension Simulation {
  func settle() {
    choices.settle()
    tell("faults end")
    for index in cluster.members.indices {
      cluster.members[index].isUp = true
      cluster.members[index].isPartitioned = false
      cluster.members[index].staleReads = 0
    }
    for client in clients.indices { clients[client].isForbidden = false }
    if cluster.profile.isSilentWhenIdle {
      // There a watch need not be asked whether it is still served: what is dead is found by the connection's pings.
      for index in streams.indices where streams[index].isBlackHole {
        fail(&streams[index], CallFailure(.unavailable, "no answer to a ping", progress: .unknown))
      }
    }
    for cache in caches.indices where !caches[cache].isRunning { startCache(cache) }
    let end = now + .seconds(200)
    // Time for the watchdog to find a watch that has stalled.
    for _ in 0..<10_000 where violation == nil && now < end {
      while violation == nil, advance() {}
      if isSettled { return }
      for index in streams.indices { _ = reportProgress(on: index) }
      resumeWatchesNotMissed()
      for cache in caches.indices where caches[cache].isLossy && !isRight(cache) { _ = verify(cache) }
      while violation == nil, advance() {}
      if isSettled { return }
      now = max(now, nextTimer ?? now + .seconds(1))
      fireTimers()
    }
    guard violation == nil else { return }
    let waiting = caches.indices.filter { !isSettled($0) }
    check(.failLoud, false, "at the end caches \(waiting) do not catch up: \(waiting.map { caches[$0].machine.phase })")
  }

  private func advance() -> Bool {
    deliverRequest() || deliverAnswer() || replicate() || serveStream() || receiveMessage()
  }

  private var isSettled: Bool {
    calls.isEmpty && operations.isEmpty && reads.isEmpty && caches.indices.allSatisfy(isSettled)
      && streams.allSatisfy { $0.messages.isEmpty && $0.requests.isEmpty && !$0.isBlackHole }
  }

  private func isSettled(_ cache: Int) -> Bool {
    let machine = caches[cache].machine
    return machine.phase == .live && machine.overlayCount == 0 && machine.revision == oracle.revision
      && (!caches[cache].isLossy || isRight(cache))
  }

  private func isRight(_ cache: Int) -> Bool { caches[cache].base.allSatisfy { oracle.state[$0.index] == $0.keyValue } }

  /// What can be told only at the end: that all caches are live, have followed to the end and wait for nothing is what was
  /// waited for.
  func judge() {
    settleConsumers()
    for cache in caches.indices {
      check(.convergence, isRight(cache), "cache \(cache) is not what the store is at the end")
    }
    for outcome in outcomes {
      let times = oracle.tokens[outcome.token]?.count ?? 0
      let isTrue = outcome.outcome == .refused ? times == outcome.timesGone : times <= 1
      check(.atMostOnce, isTrue, "a write told as \(outcome.outcome) is in the log \(times) times")
    }
    judgeRegisters()
  }
}
