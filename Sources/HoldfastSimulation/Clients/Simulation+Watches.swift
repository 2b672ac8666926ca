import Holdfast
import HoldfastCore
import HoldfastEtcdMachines

/// The client's side of watch streams: it carries out what the watch machine says.
extension Simulation {
  /// Gives a watch its next message, or the news that its stream is gone.
  func receiveMessage() -> Bool {
    let ready = streams.indices.filter {
      !streams[$0].isBlackHole && (!streams[$0].messages.isEmpty || streams[$0].failure != nil)
    }
    guard let index = choices.pick(ready) else { return false }
    let stream = streams[index].id
    guard let cache = caches.firstIndex(where: { $0.watch?.stream == stream }) else {
      streams.remove(at: index)
      return true
    }
    if caches[cache].isAnchoring { return false }
    if let failure = streams[index].failure {
      tell("cache \(cache): its stream fails")
      input(cache, .failed(failure, jitter: 1))
    } else {
      let message = streams[index].messages.removeFirst()
      tell("cache \(cache): receives \(message.summary)")
      fingerprint.add(UInt64(bitPattern: message.watchID))
      input(cache, .message(message))
    }
    return true
  }

  func startWatch(_ cache: Int, attempt: Int, from revision: Revision) {
    let watch = SimulatedWatch(range: caches[cache].machine.range, from: revision, timing: watchTiming)
    caches[cache].work = .watch(attempt: attempt, watch)
    input(cache, .start)
  }

  func input(_ cache: Int, _ input: WatchMachine.Input) {
    guard case .watch(let attempt, var watch) = caches[cache].work else { return }
    watch.handle(input)
    caches[cache].work = .watch(attempt: attempt, watch)
    drive(cache, attempt)
  }

  /// Does what the machine of a watch says, until it waits for something.
  func drive(_ cache: Int, _ attempt: Int) {
    // The cache may turn to something else at any report.
    while !caches[cache].isAnchoring, case .watch(attempt, var watch) = caches[cache].work, !watch.actions.isEmpty {
      let action = watch.actions.removeFirst()
      var report: SimulatedCache.Machine.Input?
      switch action {
      case .open: open(&watch, client: caches[cache].client)
      case .send(let command): streams.firstIndex { $0.id == watch.stream }.map { streams[$0].requests.append(command) }
      case .identify(let stream): ask(&watch, stream)
      case .receive(let limit): watch.deadline = now + limit
      case .renewToken: break
      case .keepEndpoint:
        if let turn = watch.turn { _ = clients[caches[cache].client].watchEndpoints.handle(.succeeded(turn)) }
      case .leaveEndpoint: leave(&watch, client: caches[cache].client)
      case .wait(let duration): watch.wakes = now + duration
      case .report(let update): report = self.input(update, attempt, caches[cache].keyspace)
      case .fail(let error): report = .watchEnded(attempt: attempt, error)
      }
      caches[cache].work = .watch(attempt: attempt, watch)
      if let report { handle(cache, report) }
    }
  }

  private func input(
    _ update: WatchUpdate, _ attempt: Int, _ keyspace: Keyspace<SimulatedValue>
  ) -> SimulatedCache.Machine.Input {
    switch update {
    case .started(let header): .watchStarted(attempt: attempt, header)
    case .batch(let batch): .changes(attempt: attempt, batch.events.map(keyspace.change))
    case .progress(let progress): .progress(attempt: attempt, told(progress))
    case .interrupted(let error): .watchInterrupted(attempt: attempt, error)
    }
  }

  private func told(_ progress: WatchProgress) -> WatchProgress {
    tell("\(progress.isOrdered ? "ordered" : "other") progress to \(progress.revision)")
    return progress
  }

  private func open(_ watch: inout SimulatedWatch, client: Int) {
    let turn = clients[client].watchEndpoints.current
    let member = clients[client].members[turn.endpoint]
    guard cluster.members[member].isUp else {
      _ = clients[client].watchEndpoints.handle(.failed(turn, jitter: 1))
      let failure = CallFailure(.unavailable, "connection refused", progress: .notProcessed)
      return watch.handle(.failed(failure, jitter: 1))
    }
    watch.turn = turn
    watch.stream = nextID()
    streams.append(SimulatedStream(id: watch.stream ?? 0, member: member, range: watch.range))
    watch.handle(.opened)
  }

  private func leave(_ watch: inout SimulatedWatch, client: Int) {
    guard let stream = watch.stream else { return }
    streams.removeAll { $0.id == stream }
    watch.stream = nil
    if let turn = watch.turn { _ = clients[client].watchEndpoints.handle(.failed(turn, jitter: 1)) }
  }

  /// Ends the watch of a cache that turns to something else.
  func dropWatch(_ cache: Int) {
    guard let stream = caches[cache].watch?.stream else { return }
    streams.removeAll { $0.id == stream }
  }

  func fireWatchTimers() {
    for cache in caches.indices {
      guard !caches[cache].isAnchoring else { continue }
      if let status = caches[cache].watch?.status, status.due <= now { statusArrived(cache, status.answer) }
      guard !caches[cache].isAnchoring, let watch = caches[cache].watch else { continue }
      if let wakes = watch.wakes, wakes <= now { input(cache, .waited) }
      if let deadline = watch.deadline, deadline <= now { input(cache, .silent(jitter: 1)) }
    }
  }
}

extension SimulatedCache {
  var watch: SimulatedWatch? {
    if case .watch(_, let watch) = work { watch } else { nil }
  }
}

extension WatchMessage {
  var summary: String {
    var parts = ["watch \(watchID)", "header \(header?.revision ?? .zero)"]
    if created { parts.append("created") }
    if canceled { parts.append("canceled, compacted \(compactRevision), \(cancelReason)") }
    if fragment { parts.append("fragment") }
    parts += events.map { "\($0.kind) \($0.keyValue.map { "\($0.key)@\($0.modRevision)" } ?? "")" }
    return parts.joined(separator: ", ")
  }
}
