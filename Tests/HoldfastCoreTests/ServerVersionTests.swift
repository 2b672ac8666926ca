import HoldfastCore
import Testing

@Suite struct ServerVersionTests {
  @Test(arguments: [
    ("3.4.23", true), ("3.4.35", true), ("3.4.36", false), ("3.5.1", true), ("v3.5.17", true), ("3.5.18", false),
    ("3.6.0-rc.0", false), ("3.3.27", true), ("4.0.0", false),
  ])
  func versionsThatLoseEvents(text: String, loses: Bool) {
    #expect(ServerVersion(text)?.losesEvents == loses)
  }

  @Test(arguments: [
    ("3.3.27", false, false), ("3.4.23", false, false), ("3.4.24", false, false), ("3.4.25", false, true),
    ("3.4.30", false, true), ("3.4.31", true, false), ("3.4.42", true, false), ("3.5.1", false, false),
    ("3.5.7", false, false), ("3.5.8", false, true), ("3.5.12", false, true), ("3.5.13", true, false),
    ("3.5.21+vendor-1", true, false), ("3.6.0-alpha.0", false, false), ("3.6.0", true, false),
    ("3.7.0-rc.1", true, false),
    ("4.0.0", true, false),
  ])
  func requestedProgress(text: String, isOrdered: Bool, isSilent: Bool) {
    #expect(ServerVersion(text)?.ordersRequestedProgress == isOrdered)
    #expect(ServerVersion(text)?.ignoresProgressRequestsWhenIdle == isSilent)
  }

  @Test func whatComesBeforeARelease() throws {
    let (early, release) = (try #require(ServerVersion("3.6.0-rc.0")), ServerVersion(major: 3, minor: 6, patch: 0))
    #expect(early < release)
    #expect(early != release)
    #expect(early > ServerVersion(major: 3, minor: 5, patch: 99))
  }

  @Test(arguments: ["", "embedded", "3.5", "3.5.x", "3..1", "3.5.1.2", "99999999999999999999.0.0"])
  func whatIsNoVersion(text: String) { #expect(ServerVersion(text) == nil) }
}
