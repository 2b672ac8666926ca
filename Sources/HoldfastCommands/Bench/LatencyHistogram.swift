/// How long things took, in as much memory for a million of them as for a thousand.
///
/// Up to 255 ns it is exact; beyond it, times that differ by less than a 128th may be counted as one. The longest is exact.
struct LatencyHistogram: Sendable {
  private var counts: [Int] = []
  private(set) var count = 0
  private(set) var longest = Duration.zero

  private static let exact: UInt64 = 256
  private static let steps: UInt64 = 128

  mutating func add(_ duration: Duration) {
    // A clock that went back is no reason to fail.
    let (seconds, attoseconds) = max(.zero, duration).components
    let nanoseconds = UInt64(clamping: seconds) &* 1_000_000_000 &+ UInt64(clamping: attoseconds / 1_000_000_000)
    let index = Self.index(nanoseconds)
    if index >= counts.count { counts += Array(repeating: 0, count: index + 1 - counts.count) }
    counts[index] += 1
    count += 1
    longest = max(longest, duration)
  }

  mutating func add(_ other: LatencyHistogram) {
    if other.counts.count > counts.count {
      counts += Array(repeating: 0, count: other.counts.count - counts.count)
    }
    for (index, count) in other.counts.enumerated() { counts[index] += count }
    count += other.count
    longest = max(longest, other.longest)
  }

  /// What so large a part of them (0 to 1) did not exceed; nil when there are none.
  func percentile(_ part: Double) -> Duration? {
    guard count > 0 else { return nil }
    let rank = min(count, max(1, Int((part * Double(count)).rounded(.up))))
    var seen = 0
    for (index, count) in counts.enumerated() {
      seen += count
      if seen >= rank { return min(longest, .nanoseconds(Int64(clamping: Self.middle(index)))) }
    }
    return longest
  }

  /// Each power of two has as many steps as the others.
  private static func index(_ value: UInt64) -> Int {
    guard value >= exact else { return Int(value) }
    let shift = UInt64(64 - 8 - value.leadingZeroBitCount)
    return Int(exact + (shift - 1) * steps + (value >> shift) - steps)
  }

  /// The time in the middle of those that are counted here.
  private static func middle(_ index: Int) -> UInt64 {
    guard UInt64(index) >= exact else { return UInt64(index) }
    let (power, step) = (UInt64(index) - exact).quotientAndRemainder(dividingBy: steps)
    let shift = power + 1
    return (steps + step) << shift + (1 << shift) / 2
  }
}
