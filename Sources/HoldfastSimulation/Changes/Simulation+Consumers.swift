import Holdfast
import HoldfastCore

/// What those do who follow the changes of a cache, and how its history is told.
extension Simulation {
  /// The base of a cache has moved.
  func advance(_ cache: Int, _ step: BaseStep) {
    caches[cache].window.add(step)
    if case .resync(isContinuous: true) = step.kind { caches[cache].gaps.append((step.from, step.to)) }
    if !caches[cache].isLossy, step.forgetsPast { caches[cache].hasLossyPast = false }
    let window = caches[cache].window
    if window.count > 0 {
      check(
        .boundedMemory, window.count <= window.limit.revisions && window.bytes <= window.limit.bytes,
        "cache \(cache) remembers \(window.count) revisions, \(window.bytes) bytes")
    }
    for index in consumers.indices where consumers[index].cache == cache {
      _ = consumers[index].queue.handle(.advanced(step, base: caches[cache].machine.base))
      if step.epoch != consumers[index].epoch { consumers[index].owesEpoch = true }
      consumers[index].epoch = step.epoch
      let (queue, policy) = (consumers[index].queue, consumers[index].policy)
      guard queue.entries > 0 else { continue }
      check(
        .boundedMemory, queue.entries <= policy.entries && queue.bytes <= policy.bytes,
        "for \(consumers[index].name) \(queue.entries) changes wait, \(queue.bytes) bytes")
    }
  }

  func followChanges() -> Bool {
    let cache = choices.pick(caches.count)
    guard caches[cache].isRunning, caches[cache].machine.revision != nil else { return false }
    switch choices.pick(8) {
    case 0: return lookBack(cache)
    case 1: return subscribe(cache)
    default:
      let mine = consumers.indices.filter { consumers[$0].cache == cache }
      guard let index = choices.pick(mine) else { return subscribe(cache) }
      if consumers[index].isSlow, !choices.chance(15) { return false }
      if choices.chance(10) { return resume(index) }
      return consume(index)
    }
  }

  private func subscribe(_ cache: Int) -> Bool {
    guard consumers.count(where: { $0.cache == cache }) < 3, let revision = caches[cache].machine.revision else {
      return false
    }
    let ranges: [KeyRange] = [Keys.range, .prefix(Keys.folder), .key("/p/x"), KeyRange(start: "/p/b", end: "/p/dx")]
    let policies: [ChangePolicy] = [.dropAndResync, .conflate, .backPressure]
    guard let range = choices.pick(ranges.filter(caches[cache].keyspace.range.contains)),
      let policy = choices.pick(policies)?.limited(
        entries: choices.pick([1_000, 4, 1]), bytes: choices.pick([1_000_000, 100])),
      let queue = queue(cache, range, policy, after: nil)
    else { return false }
    let keys = Keys.all.indices.filter { range.contains(Keys.all[$0]) }
    consumers.append(
      SimulatedConsumer(
        id: nextID(), cache: cache, range: range, keys: keys, policy: policy, isSlow: choices.chance(50), queue: queue,
        told: state(of: keys, cache), revision: revision, history: caches[cache].observed.history,
        epoch: caches[cache].machine.epoch, sawLoss: caches[cache].isLossy))
    tell("\(consumers[consumers.count - 1].name) begins at \(revision)")
    return true
  }

  private func queue(
    _ cache: Int, _ range: KeyRange, _ policy: ChangePolicy, after revision: Revision?
  ) -> ChangeQueue? {
    ChangeQueue(range: range, policy: policy, after: revision, of: caches[cache].machine, caches[cache].window)
  }

  private func state(of keys: [Int], _ cache: Int) -> [KeyValue?] {
    keys.map { caches[cache].machine.base[Keys.all[$0]]?.keyValue }
  }

  /// Goes away, comes back, and continues with what it was told.
  private func resume(_ index: Int) -> Bool {
    let (consumer, cache) = (consumers[index], consumers[index].cache)
    guard let revision = caches[cache].machine.revision else { return false }
    if let queue = queue(cache, consumer.range, consumer.policy, after: consumer.revision) {
      tell("\(consumer.name) resumes after \(consumer.revision)")
      consumers[index].queue = queue
      count(.changeStreams)
      return true
    }
    guard let queue = queue(cache, consumer.range, consumer.policy, after: nil) else { return false }
    tell("\(consumer.name) begins anew at \(revision)")
    consumers[index].queue = queue
    consumers[index].told = state(of: consumer.keys, cache)
    consumers[index].revision = revision
    consumers[index].history = caches[cache].observed.history
    consumers[index].owesEpoch = false
    consumers[index].sawLoss = caches[cache].isLossy
    return true
  }

  /// Takes what there is to take; false when there is nothing.
  private func consume(_ index: Int) -> Bool {
    let cache = consumers[index].cache
    for action in consumers[index].queue.handle(.demanded) {
      switch action {
      case .deliver(let batch): take(batch, index)
      case .needBase:
        let machine = caches[cache].machine
        guard let revision = machine.revision else { return false }
        for case .resync(let loss) in consumers[index].queue.handle(.based(revision, epoch: machine.epoch)) {
          count(.boundedMemory)
          take(loss.batch(to: machine.base, at: revision, epoch: machine.epoch), index)
        }
      case .finish(let error):
        let isExpected =
          error.code == .stopped || error.code == .resourceExhausted && consumers[index].policy.canFail
        check(.boundedMemory, isExpected, "\(consumers[index].name) is ended: \(error)")
        tell("\(consumers[index].name) ends: \(error.code)")
        consumers.remove(at: index)
      case .wake, .resync: break
      }
      return true
    }
    return false
  }

  /// A cache was stopped: its consumers are told what waits for them, and that it is the end.
  func endConsumers(of cache: Int) {
    caches[cache].window.forget()
    caches[cache].gaps = []
    for index in consumers.indices.reversed() where consumers[index].cache == cache {
      _ = consumers[index].queue.handle(.ended(HoldfastError(.stopped, "stopped")))
      let (id, before) = (consumers[index].id, consumers.count)
      while violation == nil, index < consumers.count, consumers[index].id == id, consume(index) {}
      check(.changeStreams, consumers.count < before, "a consumer of the stopped cache \(cache) is not ended")
    }
  }

  /// Everybody takes everything, and is where the cache is.
  func settleConsumers() {
    for index in consumers.indices.reversed() {
      let id = consumers[index].id
      while violation == nil, index < consumers.count, consumers[index].id == id, consume(index) {}
      guard violation == nil, index < consumers.count, consumers[index].id == id else { continue }
      let consumer = consumers[index]
      check(.epochs, !consumer.owesEpoch, "\(consumer.name) was not told that an epoch began")
      check(
        .changeStreams, consumer.told == state(of: consumer.keys, consumer.cache),
        "\(consumer.name) was told everything and is not where its cache is")
    }
  }
}

extension BaseStep {
  /// Whether nothing is remembered of what was before it.
  fileprivate var forgetsPast: Bool {
    switch kind {
    case .loaded, .forgotten, .resync(isContinuous: false): true
    default: false
    }
  }
}
