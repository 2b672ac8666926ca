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
    fireResolutionTimers()
  }

  var nextTimer: Duration? {
    var timers = [nextCallTimer].compactMap { $0 } + resolutionTimers
    for cache in caches {
      switch cache.work {
      case .backOff(_, let until): timers.append(until)
      case .watch(_, let watch) where !cache.isAnchoring: timers += [watch.deadline, watch.wakes].compactMap { $0 }
      case .none, .list, .watch: continue
      }
    }
    return timers.min()
  }
}
