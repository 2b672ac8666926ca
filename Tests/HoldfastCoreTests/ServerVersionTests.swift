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

  @Test(arguments: ["", "embedded", "3.5", "3.5.x", "3..1", "3.5.1.2", "99999999999999999999.0.0"])
  func whatIsNoVersion(text: String) { #expect(ServerVersion(text) == nil) }
}
