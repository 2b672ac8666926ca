/// The clock that everybody goes by.
extension Simulation {
  /// Lets time pass, a little or a lot.
  func tick() -> Bool {
    now += choices.pick([.milliseconds(10), .milliseconds(200), .seconds(1), .seconds(6)]) ?? .zero
    fireTimers()
    return true
  }

  func fireTimers() {
    fireCallTimers()
    fireCacheTimers()
    fireWatchTimers()
    fireProbeTimers()
    fireResolutionTimers()
  }

  var nextTimer: Duration? {
    var timers = [nextCallTimer].compactMap { $0 } + resolutionTimers
    timers += reads.map(\.deadline)
    for cache in caches {
      if cache.isRunning { timers.append(cache.nextProbe) }
      switch cache.work {
      case .backOff(_, let until): timers.append(until)
      case .watch(_, let watch) where !cache.isAnchoring: timers += watch.timers
      case .none, .queue, .list, .watch: continue
      }
    }
    return timers.min()
  }
}
