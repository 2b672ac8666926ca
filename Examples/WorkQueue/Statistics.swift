import Synchronization

/// Counts and times what the demo does.
final class Statistics: Sendable {
  struct Counters: Sendable {
    var reads = 0
    var directReads = 0
    var conflicts = 0
    var errors = 0
    var cutOffs = 0
  }

  private struct State {
    var counters = Counters()
    var reads = Sample()
    var directReads = Sample()
  }

  private let state = Mutex(State())

  func note(_ counter: any WritableKeyPath<Counters, Int> & Sendable) {
    state.withLock { $0.counters[keyPath: counter] += 1 }
  }

  /// Times a read from memory.
  func measureRead<R>(_ body: () throws -> R) rethrows -> R {
    let start = ContinuousClock.now
    let result = try body()
    let time = ContinuousClock.now - start
    state.withLock { state in
      state.counters.reads += 1
      state.reads.add(time)
    }
    return result
  }

  func noteDirectRead(_ time: Duration) {
    state.withLock { state in
      state.counters.directReads += 1
      state.directReads.add(time)
    }
  }

  var counters: Counters { state.withLock { $0.counters } }
  var medianRead: Duration? { state.withLock { $0.reads }.median }
  var medianDirectRead: Duration? { state.withLock { $0.directReads }.median }
}

/// A uniform sample of bounded size of everything that was added.
struct Sample: Sendable {
  private var values: [Duration] = []
  private var seen = 0
  private static let size = 20_000

  mutating func add(_ value: Duration) {
    seen += 1
    if values.count < Self.size {
      values.append(value)
    } else {
      let place = Int.random(in: 0..<seen)
      if place < Self.size { values[place] = value }
    }
  }

  var median: Duration? { values.isEmpty ? nil : values.sorted()[values.count / 2] }
}
