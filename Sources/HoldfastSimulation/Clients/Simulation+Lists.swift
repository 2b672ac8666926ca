import Holdfast
import HoldfastCore

/// The lists of caches, which those of one client share, as the shell of a store does it.
extension Simulation {
  /// Some clients have several caches of one range, and list one range at a time. Decided last in the set-up, so that runs
  /// that were kept before stay the same.
  func addCachesOfEqualRange() {
    for cache in caches.indices where cache == 0 || caches[cache].client != caches[cache - 1].client {
      let more = choices.pick([0, 0, 0, 1, 2]) ?? 0
      guard more > 0 else { continue }
      if choices.chance(50) { clients[caches[cache].client].lists = ListSharing(limit: 1) }
      for _ in 0..<more { caches.append(caches[cache]) }
    }
  }

  func askForList(_ cache: Int, _ attempt: Int) {
    caches[cache].work = .queue(attempt: attempt)
    caches[cache].listFloor = (acknowledged, record.restores)
    share(caches[cache].client, .ask(cache, caches[cache].machine.range))
  }

  /// A cache turns from its list to something else.
  func leaveList(_ cache: Int, _ work: SimulatedCache.Work) {
    switch work {
    case .queue, .list: share(caches[cache].client, .leave(cache))
    case .none, .backOff, .watch: break
    }
  }

  private func share(_ client: Int, _ input: ListSharing.Input, _ end: ListEnd? = nil) {
    let actions = clients[client].lists.handle(input)
    // Whom it is for, as of now: what one of them does with it may make another want something else.
    var told: [(cache: Int, attempt: Int)] = []
    for action in actions {
      switch action {
      case .lead(let cache): startList(cache)
      case .tell(let others):
        record.sharedLists += others.count
        if let end { for cache in others { judge(end, for: cache) } }
        told += others.compactMap { cache in caches[cache].queued.map { (cache, $0) } }
      }
    }
    guard let end else { return }
    for (cache, attempt) in told { listEnded(cache, attempt, end) }
  }

  private func startList(_ cache: Int) {
    guard let attempt = caches[cache].queued else { return }
    caches[cache].isListStale = false
    // Small pages, so that lists have several.
    list(cache, attempt, ListMachine(caches[cache].machine.range, page: 30, pageBytes: 20), .start)
  }

  private func list(_ cache: Int, _ attempt: Int, _ machine: ListMachine, _ input: ListMachine.Input) {
    var machine = machine
    let action = machine.handle(input)
    caches[cache].work = .list(attempt: attempt, machine)
    switch action {
    case .request(let request): call(caches[cache].client, .list(cache: cache, attempt: attempt), .range(request))
    case .open(let request): call(caches[cache].client, .list(cache: cache, attempt: attempt), .transact(request))
    case .done(let list): endList(cache, attempt, .success(list))
    case .fail(let error): endList(cache, attempt, .failure(error))
    }
  }

  /// A list came to its end: for the cache that led it, and for those that share it.
  private func endList(_ cache: Int, _ attempt: Int, _ result: Result<RangeResponse, HoldfastError>) {
    let end = ListEnd(result: result, isStale: caches[cache].isListStale)
    judge(end, for: cache)
    caches[cache].work = .none
    share(caches[cache].client, .end(leader: cache), end)
    listEnded(cache, attempt, end)
  }

  private func listEnded(_ cache: Int, _ attempt: Int, _ end: ListEnd) {
    switch end.result {
    case .success(let list):
      tell("cache \(cache): lists \(list.keyValues.count) keys at \(list.header.revision)")
      let records = list.keyValues.map(caches[cache].keyspace.record)
      handle(cache, .listed(attempt: attempt, header: list.header, records: records))
    case .failure(let error): handle(cache, .listFailed(attempt: attempt, error))
    }
  }

  /// A list is sent after the cache asked for it, so all that was acknowledged before is in it.
  private func judge(_ end: ListEnd, for cache: Int) {
    let floor = caches[cache].listFloor
    guard case .success(let list) = end.result, !end.isStale, floor.restores == record.restores else { return }
    check(
      .linearizable, list.header.revision >= floor.revision,
      "cache \(cache) is given a list of \(list.header.revision); \(floor.revision) was acknowledged before it asked")
  }

  func pageArrived(_ cache: Int, _ attempt: Int, _ call: Int, _ result: Result<CallAnswer, HoldfastError>) {
    let isStale = staleCalls.remove(call) != nil
    guard case .list(attempt, let machine) = caches[cache].work else { return }
    if isStale { caches[cache].isListStale = true }
    switch result {
    case .success(.range(let page)): list(cache, attempt, machine, .answered(page))
    case .failure(let error): list(cache, attempt, machine, .failed(error))
    case .success(.transact(let answer)): list(cache, attempt, machine, .opened(answer))
    }
  }
}

/// What came of a list, and whether a faulty server had a part in it.
private struct ListEnd {
  let result: Result<RangeResponse, HoldfastError>
  let isStale: Bool
}

extension SimulatedCache {
  /// The attempt that waits in the queue.
  fileprivate var queued: Int? { if case .queue(let attempt) = work { attempt } else { nil } }
}
