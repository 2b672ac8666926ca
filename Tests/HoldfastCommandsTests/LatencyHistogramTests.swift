import Testing

@testable import HoldfastCommands

@Suite struct LatencyHistogramTests {
  /// Judged by the sorted times themselves.
  @Test func percentilesAreNearlyThoseOfTheTimes() throws {
    var generator = SystemRandomNumberGenerator()
    for limit in [200, 5_000, 1_000_000, 90_000_000_000] as [Int64] {
      let times = (0..<997).map { _ in Int64.random(in: 0...limit, using: &generator) }.sorted()
      var histogram = LatencyHistogram()
      for time in times.shuffled() { histogram.add(.nanoseconds(time)) }
      #expect(histogram.count == times.count)
      #expect(histogram.longest == .nanoseconds(times[996]))
      for part in [0.001, 0.5, 0.9, 0.99, 1] {
        let expected = Double(times[Int((part * 997).rounded(.up)) - 1])
        let told = try #require(histogram.percentile(part)) / .nanoseconds(1)
        #expect(abs(told - expected) <= expected / 128, "\(part) of up to \(limit): \(told), \(expected)")
        if limit < 256 { #expect(told == expected) }
      }
    }
  }

  @Test func noneHaveNoPercentile() {
    #expect(LatencyHistogram().percentile(0.5) == nil)
  }

  @Test func anySingleTimeIsItsOwnMedian() throws {
    for exponent in 0..<63 {
      let power = Int64(1) << Int64(exponent)
      for nanoseconds in [power - 1, power, power + 1] {
        var histogram = LatencyHistogram()
        histogram.add(.nanoseconds(nanoseconds))
        let median = try #require(histogram.percentile(0.5)) / .nanoseconds(1)
        #expect(abs(median - Double(nanoseconds)) <= Double(nanoseconds) / 128, "\(nanoseconds)")
      }
    }
    var backwards = LatencyHistogram()
    backwards.add(.seconds(-1))
    #expect(backwards.percentile(1) == .zero)
  }

  @Test func severalAddUp() {
    var (one, other) = (LatencyHistogram(), LatencyHistogram())
    for time in 1...100 { one.add(.microseconds(time)) }
    for time in 1...300 { other.add(.nanoseconds(time)) }
    var sum = one
    sum.add(other)
    other.add(one)
    #expect(sum.count == 400 && other.count == 400)
    #expect(sum.longest == .microseconds(100) && other.longest == .microseconds(100))
    for part in [0.1, 0.5, 0.75, 0.9, 1] { #expect(sum.percentile(part) == other.percentile(part)) }
    #expect(sum.percentile(0.5) == .nanoseconds(200))
  }
}
