import Holdfast
import HoldfastCore

/// What a cache's shell does: it carries out what the machine says.
extension Simulation {
  func startCache(_ cache: Int) {
    caches[cache].isRunning = true
    caches[cache].nextProbe = now
    beginAnew(cache)
    handle(cache, .start)
  }

  /// Nothing tells a cache that begins anew that the store was restored meanwhile.
  private func beginAnew(_ cache: Int) {
    caches[cache].observed.isForgotten = false
    guard caches[cache].observed.restores < record.restores else { return }
    caches[cache].observed.beginEpoch()
    caches[cache].observed.restores = record.restores
  }

  func restartCache() -> Bool {
    let cache = choices.pick(caches.count)
    if caches[cache].isRunning {
      inject(.cacheRestarted)
      handle(cache, .stop)
      turn(cache, to: .none)
      dropReads(of: cache)
      caches[cache].isRunning = false
      caches[cache].isReadable = false
      caches[cache].isForbidden = false
      endConsumers(of: cache)
      followOperations()
    } else {
      tell("cache \(cache): starts again")
      startCache(cache)
    }
    return true
  }

  /// Hands an input to a cache's machine and does what it says.
  func handle(_ cache: Int, _ input: SimulatedCache.Machine.Input) {
    let actions = caches[cache].machine.handle(input)
    let wasLossy = caches[cache].isLossy
    note(input, actions, cache)
    for action in actions {
      switch action {
      case .publish(let changes):
        for change in changes {
          guard let key = Keys.index(change.key) else { continue }
          caches[cache].index[key] = change.record
        }
        tell("cache \(cache): shows \(changes.map { "\($0.key)@\($0.record?.modRevision ?? .zero)" })")
        // What is published and the revision that it reaches are one step for readers.
        if let reached = actions.reached { reach(cache, reached) }
        for change in changes { Keys.index(change.key).map { observe($0, cache) } }
      case .reached(let revision):
        reach(cache, revision)
      case .wantProbe: ask(cache, 0)
      case .proven(let revision):
        tell("cache \(cache): is what the store holds at \(revision)")
        observeSnapshot(cache)
      case .advanced(let step): advance(cache, step)
      case .list(let attempt, let failures):
        let wait = CacheConfiguration().backoff(failures: failures, jitter: 0)
        turn(cache, to: .backOff(attempt: attempt, until: now + wait))
        if wait == .zero { askForList(cache, attempt) }
      case .watch(let attempt, let from):
        turn(cache, to: .none)
        startWatch(cache, attempt: attempt, from: from)
      case .newEpoch(let epoch):
        tell("cache \(cache): epoch \(epoch) begins")
        caches[cache].observed.beginEpoch()
        caches[cache].observed.restores = record.restores
        check(
          .epochs, record.restores > 0 || wasLossy, "cache \(cache) begins an epoch, and nothing was restored")
      case .rewound:
        caches[cache].isRewound = true
        tell("cache \(cache): knows that the store went back")
        check(
          .epochs, record.restores > 0 || wasLossy,
          "cache \(cache) takes the store for restored, which it is not")
      case .checkAnchor(let attempt, let request):
        caches[cache].isAnchoring = true
        call(caches[cache].client, .anchor(cache: cache, attempt: attempt), .range(request))
      case .health(let phase):
        tell("cache \(cache): \(phase)")
        if case .connecting = phase { forget(cache) }
      }
    }
    followOperations()
    finishReads(of: cache)
  }

  /// A cache that holds nothing has nothing that would tell that the store was restored.
  private func forget(_ cache: Int) {
    if caches[cache].machine.overlayCount == 0 { caches[cache].observed.isForgotten = true }
    caches[cache].isReadable = false
  }

  private func reach(_ cache: Int, _ revision: Revision) {
    caches[cache].isReadable = true
    if caches[cache].observed.isForgotten { beginAnew(cache) }
    caches[cache].isRewound = false
    fingerprint.add(revision)
    observeBase(cache, revision)
  }

  private func turn(_ cache: Int, to work: SimulatedCache.Work) {
    caches[cache].isAnchoring = false
    dropWatch(cache)
    cancelCall(for: cache)
    let before = caches[cache].work
    caches[cache].work = work
    leaveList(cache, before)
  }

  func anchorArrived(_ cache: Int, _ attempt: Int, _ result: Result<CallAnswer, HoldfastError>) {
    // It may want another one.
    caches[cache].isAnchoring = false
    switch result {
    case .success(.range(let answer)): handle(cache, .anchorAnswered(attempt: attempt, answer))
    case .failure(let error): handle(cache, .anchorFailed(attempt: attempt, error))
    case .success(.transact): break
    }
    drive(cache, attempt)
  }

  func fireCacheTimers() {
    for cache in caches.indices {
      if case .backOff(let attempt, let until) = caches[cache].work, until <= now { askForList(cache, attempt) }
    }
  }
}

extension [SimulatedCache.Machine.Action] {
  var reached: Revision? {
    lazy.compactMap { if case .reached(let revision) = $0 { revision } else { nil } }.last
  }
}
