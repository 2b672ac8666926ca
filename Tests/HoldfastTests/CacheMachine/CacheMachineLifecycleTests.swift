import Holdfast
import HoldfastCore
import Testing

/// Starting, stopping, failing and trying again.
@Suite struct CacheMachineLifecycleTests {
  private let down = HoldfastError(.unavailable, "no endpoint answers")
  private let compacted = HoldfastError(.compacted, "gone")
  private let refused = HoldfastError(.permissionDenied, "no")

  @Test func startListWatch() {
    var driver = MachineDriver()
    #expect(driver.machine.phase == .idle)
    #expect(driver.send(.start).names == ["list 1 after 0", "connecting"])
    #expect(driver.machine.revision == nil)
    #expect(
      driver.list(7, [machineRow("/p/a", "1", 5)]).names
        == ["publish [\"+/p/a\"]", "reached 7", "watch 1 from 8", "loading"])
    // A future watch begins with the header of the revision before it.
    #expect(driver.send(.watchStarted(attempt: 1, ResponseHeader(revision: 7))).names == ["live"])
    #expect(driver.send(.start).names == [])
    #expect(driver.machine.revision == 7)
  }

  @Test func anEmptyRangeIsLoadedToo() {
    var driver = MachineDriver()
    driver.send(.start)
    #expect(driver.list(1, []).names == ["reached 1", "watch 1 from 2", "loading"])
    #expect(driver.machine.revision == 1)
  }

  @Test func listFailuresBeforeTheFirstLoad() {
    var driver = MachineDriver()
    driver.send(.start)
    #expect(driver.send(.listFailed(attempt: 1, down)).names == ["list 2 after 1", "connecting: unavailable"])
    #expect(driver.send(.listFailed(attempt: 2, down)).names == ["list 3 after 2"])
    #expect(driver.send(.listFailed(attempt: 3, refused)).names == ["list 4 after 3", "connecting: permissionDenied"])
    #expect(driver.list(7, []).names == ["reached 7", "watch 4 from 8", "loading"])
  }

  @Test func failuresAreForgottenOnlyWhenTheWatchDelivers() {
    var driver = MachineDriver.live(at: 7)
    // A compacted watch is created first, and cancelled then: standing proves nothing.
    for failures in 1...3 {
      let names = driver.send(.watchEnded(attempt: driver.attempt, compacted)).names
      #expect(names.first == "list \(failures + 1) after \(failures)")
      driver.list(Revision(Int64(7 + failures)), [])
      driver.send(.watchStarted(attempt: driver.attempt, ResponseHeader(revision: 20)))
    }
    driver.events((12, .put("a", "1")))
    #expect(driver.send(.watchEnded(attempt: 4, compacted)).names.first == "list 5 after 1")
  }

  @Test func staleKeepsTheLastState() {
    var driver = MachineDriver.live(at: 7, [machineRow("/p/a", "1", 5)])
    #expect(driver.send(.watchEnded(attempt: 1, refused)).names == ["list 2 after 1", "stale: permissionDenied"])
    #expect(driver.view == ["a": "1"])
    #expect(driver.send(.listFailed(attempt: 2, down)).names == ["list 3 after 2", "stale: unavailable"])
    #expect(driver.view == ["a": "1"])
    #expect(
      driver.list(9, [machineRow("/p/a", "2", 9)]).names == ["publish [\"+/p/a\"]", "reached 9", "watch 3 from 10"])
    #expect(driver.machine.phase == .stale(down))
    #expect(driver.send(.watchStarted(attempt: 3, ResponseHeader(revision: 9))).names == ["live"])
  }

  @Test func anInterruptionMissesNothing() {
    var driver = MachineDriver.live(at: 7)
    #expect(driver.send(.watchInterrupted(attempt: 1, down)).names == ["stale: unavailable"])
    #expect(driver.send(.watchInterrupted(attempt: 1, down)).names == [])
    #expect(driver.send(.watchStarted(attempt: 1, ResponseHeader(revision: 9))).names == ["live"])
    #expect(driver.events((9, .put("a", "1"))).names == ["publish [\"+/p/a\"]", "reached 9"])
  }

  @Test func deliveryIsNoHealthBeforeTheStoresPastIsKnown() {
    var driver = MachineDriver.live(at: 7)
    driver.send(.watchInterrupted(attempt: 1, down))
    #expect(driver.progress(8).names == ["reached 8"])
    #expect(driver.send(.watchStarted(attempt: 1, ResponseHeader(revision: 8))).names == ["live"])
  }

  @Test func lateAnswersOfOldAttempts() {
    var driver = MachineDriver.live(at: 10, [machineRow("/p/a", "1", 5)])
    driver.send(.watchEnded(attempt: 1, compacted))
    let header = ResponseHeader(revision: 50)
    let rows = [machineRow("/p/zombie", "no", 50)]
    for attempt in [-1, 0, 1, 3] {
      #expect(driver.send(.listed(attempt: attempt, header: header, records: rows)).names == [])
      #expect(driver.send(.listFailed(attempt: attempt, down)).names == [])
    }
    // Nor does anything of the watch count while a list is awaited, under whatever number.
    for attempt in 0...3 {
      #expect(driver.send(.changes(attempt: attempt, [.delete("/p/a", 11)])).names == [])
      #expect(driver.send(.progress(attempt: attempt, WatchProgress(revision: 60, isOrdered: true))).names == [])
      #expect(driver.send(.watchStarted(attempt: attempt, header)).names == [])
      #expect(driver.send(.watchInterrupted(attempt: attempt, down)).names == [])
      #expect(driver.send(.watchEnded(attempt: attempt, compacted)).names == [])
    }
    driver.list(12, [machineRow("/p/a", "2", 12)])
    #expect(driver.send(.listed(attempt: 2, header: header, records: rows)).names == [], "answered twice")
    #expect(driver.send(.changes(attempt: 1, [.delete("/p/a", 13)])).names == [])
    #expect(driver.view == ["a": "2"])
  }

  @Test func stopKeepsTheStateAndIgnoresEverything() {
    var driver = MachineDriver.live(at: 10, [machineRow("/p/a", "1", 5)])
    #expect(driver.send(.stop).names == ["stopped"])
    #expect(driver.send(.stop).names == [])
    #expect(driver.events((11, .delete("a"))).names == [])
    #expect(driver.ack(12, .put("b", "1")).names == [])
    #expect(driver.progress(13).names == [])
    #expect(driver.view == ["a": "1"])
    #expect(driver.machine.revision == 10)
  }

  @Test func startAfterStopBeginsFromNothing() {
    var driver = MachineDriver.live(at: 10, [machineRow("/p/a", "1", 5), machineRow("/p/b", "1", 5)])
    driver.ack(11, .put("c", "mine"), .delete("b"))
    driver.send(.stop)
    #expect(
      driver.send(.start).names == ["publish [\"-/p/a\", \"-/p/c\"]", "list 2 after 0", "connecting"])
    #expect(driver.machine.revision == nil)
    #expect(driver.machine.overlayCount == 0)
    #expect(driver.machine.base.isEmpty)
    // The answer to the list of before the stop is late.
    #expect(driver.send(.listed(attempt: 1, header: ResponseHeader(revision: 10), records: [])).names == [])
    driver.list(12, [machineRow("/p/a", "2", 12)])
    #expect(driver.view == ["a": "2"])
    #expect(driver.machine.epoch == 0)
  }

  @Test func startAfterStopWaitsForNothing() {
    var driver = MachineDriver.live(at: 10)
    driver.send(.watchEnded(attempt: 1, refused))
    driver.send(.stop)
    #expect(driver.send(.start).names == ["list 3 after 0", "connecting"])
  }

  @Test func aRewindDuringAStopIsRecognised() {
    var driver = MachineDriver.live(at: 10)
    driver.send(.stop)
    driver.send(.start)
    #expect(driver.lowList(6, []).names == ["epoch 1", "reached 6", "watch 4 from 7", "loading"])
  }

  @Test func nothingHappensBeforeTheStart() {
    var driver = MachineDriver()
    #expect(driver.ack(5, .put("a", "1")).names == [])
    #expect(driver.list(5, []).names == [])
    #expect(driver.events((5, .put("a", "1"))).names == [])
    #expect(driver.machine.overlayCount == 0)
    #expect(driver.send(.stop).names == ["stopped"])
    #expect(driver.send(.start).names == ["list 1 after 0", "connecting"])
  }
}
