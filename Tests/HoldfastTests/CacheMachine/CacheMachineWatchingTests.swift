import Holdfast
import HoldfastCore
import Testing

/// What the watch brings, and what it must not bring.
@Suite struct CacheMachineWatchingTests {
  @Test func theLastEventIsTheRevision() {
    var driver = MachineDriver.live(at: 10)
    let actions = driver.events((11, .put("a", "1")), (14, .put("a", "2")), (14, .put("b", "2")))
    #expect(actions.names == ["publish [\"+/p/a\", \"+/p/b\"]", "reached 14"])
    #expect(driver.machine.visible("/p/a")?.modRevision == 14)
  }

  @Test func theNetDifferenceIsPublished() {
    var driver = MachineDriver.live(at: 10, [machineRow("/p/a", "1", 5)])
    #expect(driver.events((11, .put("b", "1")), (12, .delete("b"))).names == ["reached 12"])
    #expect(driver.events((13, .delete("nobody"))).names == ["reached 13"])
  }

  @Test func duplicatesAreDropped() {
    var driver = MachineDriver.live(at: 10, [machineRow("/p/a", "1", 5)])
    #expect(driver.events((9, .delete("a")), (10, .delete("a"))).names == [])
    #expect(driver.events((10, .delete("a")), (11, .put("b", "1"))).names == ["publish [\"+/p/b\"]", "reached 11"])
    #expect(driver.events((11, .put("b", "1"))).names == [])
    #expect(driver.events([]).names == [])
    #expect(driver.view == ["a": "1", "b": "1"])
  }

  @Test func orderedProgressMovesTheBase() {
    var driver = MachineDriver.live(at: 10)
    #expect(driver.progress(15).names == ["reached 15"])
    #expect(driver.progress(15).names == [])
    #expect(driver.progress(12).names == [])
    #expect(driver.machine.revision == 15)
  }

  @Test func progressThatMayOvertakeEventsDoesNot() {
    var driver = MachineDriver.live(at: 10)
    #expect(driver.progress(15, isOrdered: false).names == [])
    // It came before the events that it covers.
    driver.events((12, .put("a", "1")))
    #expect(driver.view == ["a": "1"])
    #expect(driver.machine.revision == 12)
  }

  @Test(arguments: [
    [CacheChange.put(machineRow("/p/a", "x", 12)), .delete("/p/b", 11)],
    [.put(machineRow("/p/b", "x", 11)), .delete("/q/b", 12)],
    [.put(machineRow("/p/b", "x", 11)), .put(machineRow("/p", "x", 12))],
    [.delete("/p/b", 0)],
    [.delete("/p/b", Revision(.min))],
    [.delete("/p/b", 11), .delete("/p/b", Revision(.max))],
  ])
  func whatCannotBeIsNotApplied(_ changes: [CacheChange]) {
    var driver = MachineDriver.live(at: 10, [machineRow("/p/b", "1", 5)])
    let actions = driver.send(.changes(attempt: 1, changes))
    #expect(actions.names == ["list 2 after 1", "stale: protocolViolation"])
    #expect(driver.view == ["b": "1"])
    #expect(driver.machine.revision == 10)
  }

  @Test func progressBeyondEverythingIsNotBelieved() {
    var driver = MachineDriver.live(at: 10)
    #expect(driver.progress(Revision(.max)).names == ["list 2 after 1", "stale: protocolViolation"])
  }

  @Test func aLostDeleteIsNotShown() {
    // A server that loses the event of an acknowledged write is not believed.
    var driver = MachineDriver.live(at: 10, [machineRow("/p/d/1", "1", 5)])
    driver.ack(12, .deletePrefix("d/"))
    driver.ack(12, .put("e", "1"))
    #expect(driver.progress(13).names.first == "rewound")
    #expect(driver.view == ["e": "1"])
  }
}
