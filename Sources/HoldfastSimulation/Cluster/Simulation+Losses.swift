import Holdfast
import HoldfastCore
import HoldfastEmbedded
import HoldfastEtcdMachines

/// Watches that are not sent all there is. What is left out is found by verification or by a probe, and what is sent no more by
/// the watchdog.
extension Simulation {
  /// A message goes without one of its events. From then on what the cache holds may be wrong, until it lists.
  func skipEvent() -> Bool {
    let places = streams.indices.flatMap { stream in
      streams[stream].messages.indices.filter { !streams[stream].messages[$0].events.isEmpty }.map { (stream, $0) }
    }
    guard let (stream, message) = choices.pick(places),
      let cache = caches.firstIndex(where: { $0.watch?.stream == streams[stream].id })
    else { return false }
    inject(.eventSkipped)
    let events = streams[stream].messages[message].events
    streams[stream].messages[message].events.remove(at: choices.pick(events.count))
    // Without any it would be progress.
    if events.count == 1 { streams[stream].messages.remove(at: message) }
    caches[cache].isLossy = true
    caches[cache].hasLossyPast = true
    for index in consumers.indices where consumers[index].cache == cache { consumers[index].sawLoss = true }
    tell("cache \(cache): one of \(events.count) events is left out of its watch")
    return true
  }

  /// A watch that keeps up is sent nothing more. Asked how far it is, the member tells where it stopped.
  func stallWatch() -> Bool {
    guard let index = pickStream({ $0.isFollowing && !$0.isBlackHole }) else { return false }
    inject(.watchStalled)
    streams[index].stalledAt = cluster.members[streams[index].member].store.revision
    return true
  }

  /// The end of faults repairs stalled watches that nobody misses anything of. What is missed must be found to be.
  func resumeWatchesNotMissed() {
    for index in streams.indices where streams[index].stalledAt != nil {
      guard let cache = caches.first(where: { $0.watch?.stream == streams[index].id })?.machine else { continue }
      guard cache.phase == .live, cache.snapshotRevision == oracle.revision else { continue }
      streams[index].stalledAt = nil
      streams[index].watcher?.isSynced = false
    }
  }

  func progressHeader(_ index: Int) -> ResponseHeader {
    var header = header(streams[index].member)
    if let revision = streams[index].stalledAt { header.revision = revision }
    return header
  }
}

extension SimulatedStream {
  /// Whether its watch is sent changes as they are applied.
  var isFollowing: Bool { stalledAt == nil && watcher?.isSynced ?? false }
}
