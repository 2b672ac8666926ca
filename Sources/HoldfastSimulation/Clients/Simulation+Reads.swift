import Holdfast
import HoldfastCore

/// Reads that ask for more than what memory happens to hold, and the watchdog, as a cache's shell does them.
extension Simulation {
  static var probeInterval: Duration { .seconds(5) }
  static var staleAfter: Duration { .seconds(15) }

  /// A reader begins.
  func read() -> Bool {
    let running = caches.indices.filter { caches[$0].isRunning }
    guard reads.count < 6, let cache = choices.pick(running) else { return false }
    beginRead(cache)
    return true
  }

  func beginRead(_ cache: Int) {
    let bounds: [Duration] = [.milliseconds(20), .milliseconds(500), .seconds(3), .seconds(20)]
    let kind: SimulatedRead.Kind =
      choices.chance(60) ? .linearizable : .maxStaleness(choices.pick(bounds) ?? .zero)
    let read = SimulatedRead(
      id: nextID(), cache: cache, kind: kind, floor: acknowledged, restores: record.restores,
      deadline: now + .seconds(5), isMisled: caches[cache].isMisled)
    reads.append(read)
    tell("cache \(cache): read \(read.id) wants \(kind)")
    finishReads(of: cache)
    if reads.contains(where: { $0.id == read.id }) { ask(cache, read.id) }
  }

  func ask(_ cache: Int, _ reader: Int) {
    caches[cache].probes.ask(reader)
    sendProbe(cache)
  }

  private func sendProbe(_ cache: Int) {
    guard caches[cache].isRunning, caches[cache].probes.isDue else { return }
    caches[cache].probes.send()
    let probe = caches[cache].machine.probe(at: now)
    call(caches[cache].client, .probe(cache: cache, probe), .range(probe.request))
  }

  func probeArrived(_ cache: Int, _ probe: Probe, _ call: Int, _ result: Result<CallAnswer, HoldfastError>) {
    let readers = caches[cache].probes.end()
    switch result {
    case .success(.range(let answer)):
      let isStale = staleCalls.remove(call) != nil
      if isStale { caches[cache].isMisled = true }
      for index in reads.indices where readers.contains(reads[index].id) {
        if isStale { reads[index].isMisled = true }
        guard reads[index].learned?.epoch != probe.epoch else { continue }
        reads[index].learned = (answer.header.revision, probe.epoch)
      }
      tell("cache \(cache): the store is at \(answer.header.revision)\(isStale ? ", a stale answer" : "")")
      handle(cache, .probed(probe, answer))
    case .failure(let error):
      tell("cache \(cache): its probe fails: \(error.code)")
      handle(cache, .probeFailed(error, epoch: probe.epoch))
    case .success(.transact): break
    }
    // Those who came meanwhile; those who are not served by it ask again after a while.
    sendProbe(cache)
  }

  /// Ends the reads that memory can answer now.
  func finishReads(of cache: Int) {
    let machine = caches[cache].machine
    guard caches[cache].isReadable, let revision = machine.snapshotRevision else { return }
    for read in reads where read.cache == cache {
      switch read.kind {
      case .linearizable:
        guard let learned = read.learned, machine.covers(learned.revision, epoch: learned.epoch) else { continue }
        endRead(read)
        judge(read, at: revision)
      case .maxStaleness(let bound):
        guard let confirmed = machine.confirmed, now - confirmed <= bound else { continue }
        endRead(read)
        judge(read, at: revision, bound)
      }
      tell("cache \(cache): read \(read.id) gets the snapshot of \(revision)")
      observeSnapshot(cache)
    }
  }

  /// All that was acknowledged before the read, or shown by a read before it, is in it.
  private func judge(_ read: SimulatedRead, at revision: Revision) {
    check(
      .linearizable, !caches[read.cache].isKnownWrong,
      "cache \(read.cache) answers a linearizable read with what it knows to be wrong")
    guard !read.isMisled, read.restores == record.restores else { return }
    check(
      .linearizable, revision >= read.floor,
      "cache \(read.cache) answers a linearizable read at \(revision), and \(read.floor) was acknowledged before it")
    check(
      .linearizable, revision <= oracle.revision,
      "cache \(read.cache) answers a linearizable read at \(revision), and the store is at \(oracle.revision)")
    let state = oracle.histories[oracle.current].state(at: revision)
    // What a server has left out is found by a probe or by verification, and nothing shows it before.
    if !caches[read.cache].isLossy {
      check(
        .linearizable, snapshot(read.cache).allSatisfy { state?[$0.index] == $0.keyValue },
        "cache \(read.cache) answers a linearizable read with what the store did not hold at \(revision)")
    }
    acknowledged = max(acknowledged, revision)
  }

  private func judge(_ read: SimulatedRead, at revision: Revision, _ bound: Duration) {
    check(
      .boundedStaleness, !caches[read.cache].isKnownWrong,
      "cache \(read.cache) tells the age of what it knows to be wrong")
    guard !caches[read.cache].isMisled, caches[read.cache].observed.restores == record.restores else { return }
    // What has everything is of no age.
    guard let missing = oracle.firstChange(of: caches[read.cache].keys, after: revision) else { return }
    check(
      .boundedStaleness, now - missing <= bound,
      "cache \(read.cache) answers with \(revision), older than \(bound)")
  }

  /// What a snapshot of a cache shows of its keys.
  func snapshot(_ cache: Int) -> [(index: Int, keyValue: KeyValue?)] {
    let records = caches[cache].machine.snapshotRecords
    return caches[cache].keys.map { ($0, records[Keys.all[$0]]?.keyValue) }
  }

  private func endRead(_ read: SimulatedRead) {
    caches[read.cache].probes.leave(read.id)
    reads.removeAll { $0.id == read.id }
  }

  func dropReads(of cache: Int) {
    for read in reads where read.cache == cache { endRead(read) }
    caches[cache].probes = ProbeSharing()
    calls.removeAll { if case .probe(cache, _) = $0.purpose { true } else { false } }
  }

  func fireProbeTimers() {
    // They read the store itself, or fail with the age.
    for read in reads where read.deadline <= now { endRead(read) }
    for read in reads where !caches[read.cache].probes.isInFlight { ask(read.cache, read.id) }
    for cache in caches.indices where caches[cache].isRunning && caches[cache].nextProbe <= now {
      caches[cache].nextProbe = now + Self.probeInterval
      ask(cache, 0)
      handle(cache, .lookAfter(now: now, limit: Self.staleAfter))
      judgeHealth(cache)
    }
  }

  /// A cache that has missed something for long does not say that it follows.
  private func judgeHealth(_ cache: Int) {
    let machine = caches[cache].machine
    guard let revision = machine.snapshotRevision, caches[cache].observed.restores == record.restores else { return }
    guard let missing = oracle.firstChange(of: caches[cache].keys, after: revision) else { return }
    // The watchdog looks now and then, and begins when it first finds the watch.
    guard now - missing > Self.staleAfter + Self.probeInterval + .seconds(12), !caches[cache].isMisled else { return }
    check(
      .failLoud, machine.phase != .live,
      "cache \(cache) is at \(revision) and has missed something for \(now - missing), and says that it is live")
  }
}
