/// How long something is measured: for a time or so often, whichever is over first.
struct BenchExtent: Hashable, Sendable {
  var duration: Duration?
  var samples = Int.max

  /// What comes before it and is not counted: a tenth.
  var warmUp: BenchExtent { BenchExtent(duration: duration.map { $0 / 10 }, samples: max(1, samples / 10)) }

  /// What one of several that measure at the same time does of it.
  func share(of client: Int, among clients: Int) -> BenchExtent {
    let (each, rest) = samples.quotientAndRemainder(dividingBy: clients)
    return BenchExtent(duration: duration, samples: each + (client < rest ? 1 : 0))
  }

  /// How much of it is over, 0 to 1.
  func fraction(samples done: Int, after elapsed: Duration) -> Double {
    let time = duration.map { elapsed / $0 } ?? 0
    return min(1, max(time, Double(done) / Double(max(1, samples))))
  }
}
