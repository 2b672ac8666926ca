import HoldfastCore
import Testing

@Suite struct DurationTests {
  @Test(
    arguments: [
      (.zero, 0), (.nanoseconds(1), 1), (.milliseconds(500), 1), (.seconds(1), 1), (.milliseconds(1_001), 2),
      (.seconds(60), 60), (.seconds(9_000_000_000), 9_000_000_000), (.milliseconds(-500), 0),
      (.milliseconds(-1_500), -1),
    ] as [(Duration, Int64)])
  func roundsUpToWholeSeconds(duration: Duration, seconds: Int64) {
    #expect(duration.wholeSecondsRoundedUp == seconds)
  }
}
