import Holdfast
import Testing

/// A probe may be shared by those who asked before it was sent, and by nobody else (rule 4).
@Suite struct ProbeSharingTests {
  @Test func whoComesWhileAProbeIsInFlightWaitsForTheNext() {
    var sharing = ProbeSharing()
    #expect(!sharing.isDue)
    sharing.ask(1)
    sharing.ask(2)
    #expect(sharing.isDue)
    sharing.send()
    sharing.ask(3)
    #expect(!sharing.isDue, "one is in flight")
    #expect(sharing.end() == [1, 2])
    #expect(sharing.isDue)
    sharing.send()
    #expect(sharing.end() == [3])
    #expect(!sharing.isDue)
  }

  @Test func whoLeavesIsNotTold() {
    var sharing = ProbeSharing()
    sharing.ask(1)
    sharing.ask(2)
    sharing.leave(1)
    sharing.send()
    sharing.ask(1)
    sharing.leave(2)
    #expect(sharing.end() == [])
    sharing.leave(1)
    #expect(!sharing.isDue)
  }
}
