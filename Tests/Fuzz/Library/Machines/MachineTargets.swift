import Holdfast
import HoldfastCore

extension FuzzTarget {
  /// Watch messages of every kind into the watch's machine, and what it makes of them into the cache's.
  static let watch = FuzzTarget("watch", seeds: sequences, run: HostileWatch.run)

  /// Any input to the cache's machine, in any order.
  static let cache = FuzzTarget("cache", seeds: sequences) { bytes in
    var input = FuzzInput(bytes)
    var cache = CheckedCache(range: .prefix("/p/"), limit: OverlayLimit(entries: input.below(8), bytes: 200))
    var steps = 0
    var probes: [Probe] = []
    while !input.isAtEnd, steps < 400 {
      steps += 1
      let attempt = input.oneIn(8) ? Int(input.byte()) - 2 : cache.attempt
      switch input.below(16) {
      case 0, 1: try cache.send(.start)
      case 2: if input.oneIn(4) { try cache.stop() }
      case 3: try cache.send(.listFailed(attempt: attempt, input.error()))
      case 4, 5:
        let records = (0..<input.below(5)).map { _ in CheckedCache.record(input.keyValue()) }
        try cache.send(.listed(attempt: attempt, header: input.header(), records: records))
      case 6: try cache.send(.watchStarted(attempt: attempt, input.header()))
      case 7:
        let keyValues = (0..<input.below(3)).map { _ in input.keyValue() }
        let answer = RangeResponse(header: input.header(), keyValues: keyValues, count: input.number())
        try cache.send(.anchorAnswered(attempt: attempt, answer))
      case 8:
        let changes = (0..<input.below(5)).map { _ -> CacheChange in
          let keyValue = input.keyValue()
          return input.oneIn(3) ? .delete(keyValue.key, keyValue.modRevision) : .put(CheckedCache.record(keyValue))
        }
        try cache.send(.changes(attempt: attempt, changes))
      case 9:
        let progress = WatchProgress(revision: input.revision(), isOrdered: !input.oneIn(3))
        try cache.send(.progress(attempt: attempt, progress))
      case 10: try cache.send(.watchEnded(attempt: attempt, input.error()))
      case 11:
        let epoch = cache.machine.epoch - input.below(2)
        try cache.send(.diverged(input.error(), at: input.revision(), epoch: epoch))
      case 14:
        if probes.isEmpty || input.oneIn(2) { probes.append(cache.machine.probe(at: .seconds(steps))) }
        let keyValues = (0..<input.below(2)).map { _ in input.keyValue() }
        let answer = RangeResponse(header: input.header(), keyValues: keyValues, count: input.number())
        try cache.send(.probed(input.pick(probes), answer))
      case 15: try cache.send(.lookAfter(now: .seconds(steps), limit: .seconds(20)))
      default:
        var keyValue = input.keyValue()
        let revision = input.revision()
        keyValue.modRevision = revision
        let ranges: [KeyRange] = [
          .all, .prefix("/p/d/"), .key("/p/a"), KeyRange(start: "/p/b", end: "/p/a"), .from("/p/c"),
        ]
        let effects: [WriteEffect] =
          input.oneIn(2) ? [.put(CheckedCache.record(keyValue))] : [.delete(input.pick(ranges))]
        let mark = input.oneIn(6) ? WriteMark(epoch: input.below(3), known: input.revision()) : cache.machine.mark
        try cache.send(.acknowledged(effects, at: revision, changed: input.oneIn(2), sent: mark))
      }
    }
  }

  /// Runs of decisions to begin from; what they mean is up to who reads them.
  static let sequences: [[UInt8]] = [1, 7, 13, 29, 61].map { step in
    (0..<240).map { UInt8(truncatingIfNeeded: $0 * step + $0 / 7) }
  }
}
