import Holdfast
import HoldfastCore
import Testing

/// Lists over a state that is there already: after compaction, after a rewind.
@Suite struct CacheMachineResyncTests {
  private let compacted = HoldfastError(.compacted, "gone")

  private func interrupted(_ driver: inout MachineDriver) {
    driver.send(.watchEnded(attempt: driver.attempt, compacted))
  }

  @Test func aListIsAppliedAsADifference() {
    let kept = machineRow("/p/kept", "same", 3, created: 2, version: 4)
    var driver = MachineDriver.live(
      at: 10,
      [
        machineRow("/p/changed", "1", 4), machineRow("/p/deleted", "1", 5), kept, machineRow("/p/leased", "1", 6),
        machineRow("/p/recreated", "1", 7),
      ])
    interrupted(&driver)
    let actions = driver.list(
      20,
      [
        machineRow("/p/changed", "2", 12, created: 4, version: 2), kept,
        machineRow("/p/leased", "1", 14, created: 6, version: 2, lease: LeaseID(7)),
        machineRow("/p/new", "1", 13), machineRow("/p/recreated", "1", 15),
      ])
    #expect(
      actions.names == [
        "publish [\"+/p/changed\", \"-/p/deleted\", \"+/p/leased\", \"+/p/new\", \"+/p/recreated\"]", "reached 20",
        "watch 2 from 21",
      ])
    #expect(driver.machine.visible("/p/recreated")?.createRevision == 15)
    #expect(driver.machine.base.map(\.key) == driver.mirror.keys.sorted())
  }

  @Test func aListWithoutDifferencesPublishesNothing() {
    let rows = (0..<1_000).map { machineRow("/p/\(10_000 + $0)", "\($0)", 5) }
    var driver = MachineDriver.live(at: 10, rows)
    interrupted(&driver)
    #expect(driver.list(20, rows).names == ["reached 20", "watch 2 from 21"])
    #expect(driver.machine.base.count == 1_000)
  }

  @Test func acknowledgementsBeforeTheFirstList() {
    var driver = MachineDriver()
    driver.send(.start)
    driver.ack(11, .put("a", "covered"))
    driver.ack(13, .put("b", "newer"), .delete("c"))
    driver.ack(14, .deletePrefix("d/"))
    #expect(driver.view == ["a": "covered", "b": "newer"])
    driver.send(.listFailed(attempt: driver.attempt, HoldfastError(.unavailable, "down")))
    driver.list(
      14, [machineRow("/p/a", "foreign", 12), machineRow("/p/b", "newer", 13)])
    #expect(driver.view == ["a": "foreign", "b": "newer"])
    #expect(driver.machine.overlayCount == 0)
  }

  @Test func acknowledgementsWhileTheFirstListIsOnItsWay() {
    var driver = MachineDriver()
    driver.send(.start)
    driver.ack(11, .put("a", "1"))
    driver.ack(13, .put("b", "newer"), .delete("c"))
    driver.ack(14, .deletePrefix("d/"))
    // Read between 12 and 13: not a rewind, since nothing was known when it was asked for.
    let actions = driver.list(
      12, [machineRow("/p/a", "foreign", 12), machineRow("/p/c", "old", 3), machineRow("/p/d/1", "old", 3)])
    #expect(actions.names == ["publish [\"+/p/a\"]", "reached 12", "watch 1 from 13", "loading"])
    #expect(driver.view == ["a": "foreign", "b": "newer"])
    #expect(driver.machine.overlayCount == 3)
    #expect(driver.machine.tombstoneCount == 2)
    driver.events((13, .put("b", "newer")), (13, .delete("c")), (14, .delete("d/1")))
    #expect(driver.view == ["a": "foreign", "b": "newer"])
    #expect(driver.machine.overlayCount == 0)
  }

  @Test func acknowledgementsDuringAResync() {
    var driver = MachineDriver.live(at: 10, [machineRow("/p/a", "1", 5)])
    interrupted(&driver)
    driver.ack(12, .put("a", "mine"))
    driver.ack(15, .put("b", "mine"))
    // The list was read at 13.
    driver.list(13, [machineRow("/p/a", "mine", 12, created: 5, version: 2)])
    #expect(driver.view == ["a": "mine", "b": "mine"])
    #expect(driver.machine.overlayCount == 1)
    #expect(driver.machine.epoch == 0)
  }

  @Test func aRewindBeginsAnEpoch() {
    var driver = MachineDriver.live(at: 10, [machineRow("/p/a", "1", 5), machineRow("/p/b", "1", 9)])
    driver.ack(11, .put("c", "lost"), .delete("a"))
    // A restored server: the watch starts below what the cache has.
    let lag = driver.send(.watchStarted(attempt: 1, ResponseHeader(revision: 8)))
    #expect(lag.names == ["list 2 after 1", "stale: unavailable"])
    let actions = driver.lowList(8, [machineRow("/p/a", "1", 5)])
    #expect(
      actions.names == [
        "epoch 1", "publish [\"+/p/a\", \"-/p/b\", \"-/p/c\"]", "reached 8", "watch 4 from 9",
      ])
    #expect(driver.machine.overlayCount == 0)
    // What was sent before belongs to the old epoch, however high its revision.
    #expect(driver.ack(12, epoch: 0, .put("c", "late")).names == [])
    driver.ack(9, epoch: 1, .put("c", "mine"))
    #expect(driver.view == ["a": "1", "c": "mine"])
    // What was known in the old epoch proves nothing in the new one.
    interrupted(&driver)
    #expect(
      driver.list(9, [machineRow("/p/a", "1", 5)]).names == ["publish [\"-/p/c\"]", "reached 9", "watch 5 from 10"])
  }

  @Test func aRewoundValueOfTheSameRevisionIsADifference() {
    var driver = MachineDriver.live(at: 10, [machineRow("/p/a", "before", 8, created: 8)])
    interrupted(&driver)
    let actions = driver.lowList(9, [machineRow("/p/a", "after", 8, created: 8)])
    #expect(actions.names == ["epoch 1", "publish [\"+/p/a\"]", "reached 9", "watch 4 from 10"])
    #expect(driver.view == ["a": "after"])
  }

  @Test func anAcknowledgedRevisionProvesARewindToo() {
    var driver = MachineDriver.live(at: 10)
    driver.ack(15, .put("a", "lost"))
    interrupted(&driver)
    #expect(driver.lowList(12, []).names.first == "epoch 1")
    #expect(driver.view == [:])
  }

  @Test func aWriteProvesARewind() {
    var driver = MachineDriver.live(at: 10, [machineRow("/p/a", "before", 8)])
    #expect(driver.ack(9, epoch: 1, known: 10).names == [], "of another epoch")
    #expect(driver.ack(10, known: 9).names == [], "what was known when it was sent counts")
    #expect(driver.ack(9, known: 10).names == ["rewound", "list 2 after 1", "stale: unavailable"])
    #expect(driver.ack(9, known: 10).names == [], "said twice")
    // The new history has overtaken the old one: the list's revision alone would not tell.
    let actions = driver.list(14, [machineRow("/p/a", "after", 8)])
    #expect(actions.names == ["epoch 1", "publish [\"+/p/a\"]", "reached 14", "watch 2 from 15"])
    #expect(driver.ack(9, epoch: 0, known: 10).names == [], "late")
    driver.send(.watchEnded(attempt: 2, compacted))
    #expect(driver.list(14, [machineRow("/p/a", "after", 8)]).names == ["reached 14", "watch 3 from 15"])
  }

  @Test func aChangeAtAKnownRevisionProvesARewind() {
    var driver = MachineDriver.live(at: 10)
    #expect(driver.ack(10, known: 10).names.first == "rewound")
    driver = MachineDriver.live(at: 10)
    let nothing = TestMachine.Input.acknowledged([], at: 10, changed: false, sent: WriteMark(epoch: 0, known: 10))
    #expect(driver.send(nothing).names == [], "deleting nothing makes no revision")
  }

  @Test func aListFromBeforeTheProofDoesNotCount() {
    var driver = MachineDriver.live(at: 10)
    interrupted(&driver)
    driver.ack(9, known: 10)
    let late = ResponseHeader(revision: 12)
    #expect(driver.send(.listed(attempt: 2, header: late, records: [])).names == [])
    #expect(driver.list(11, []).names.first == "epoch 1")
  }

  /// A member that was paused answers one linearizable read from before the pause (etcd issue 20418).
  @Test func oneLowListProvesNothing() {
    var driver = MachineDriver.live(at: 10, [machineRow("/p/a", "1", 9)])
    interrupted(&driver)
    #expect(driver.list(8, []).names == ["list 3 after 2", "stale: unavailable"])
    #expect(driver.list(10, [machineRow("/p/a", "1", 9)]).names == ["reached 10", "watch 3 from 11"])
    #expect(driver.machine.epoch == 0)
  }

  @Test func anOvertakenStoreIsRecognisedByWhatItLists() {
    var driver = MachineDriver.live(at: 10, [machineRow("/p/a", "lost", 9)])
    interrupted(&driver)
    #expect(driver.list(20, [machineRow("/p/a", "restored", 7)]).names.first == "epoch 1")
    // An acknowledged write tells as well.
    driver.ack(25, .delete("a"))
    interrupted(&driver)
    #expect(driver.list(30, [machineRow("/p/a", "restored", 7)]).names.first == "epoch 2")
  }

  @Test func anOvertakenStoreIsRecognisedByItsPast() {
    let rows = [machineRow("/p/a", "1", 5), machineRow("/p/b", "1", 9)]
    var driver = MachineDriver.live(at: 10, rows, exactAnchors: ExactAnchorLimit(keys: 0))
    driver.answersAnchors = false
    func answer(_ rows: [CacheRecord], count: Int64, at revision: Revision = 30) -> [String] {
      var driver = driver
      #expect(driver.send(.watchStarted(attempt: 1, ResponseHeader(revision: 30))).names == ["anchor"])
      let answer = RangeResponse(
        header: ResponseHeader(revision: revision), keyValues: rows.compactMap(\.keyValue), count: count)
      return driver.send(.anchorAnswered(attempt: 1, answer)).names
    }
    #expect(answer([rows[1]], count: 2) == ["want probe"])
    #expect(answer([rows[1]], count: 1).first == "rewound")
    #expect(answer([machineRow("/p/b", "other", 9)], count: 2).first == "rewound")
    #expect(answer([rows[0]], count: 2).first == "rewound")
    #expect(answer([], count: 0).first == "rewound")
    #expect(answer([rows[1]], count: 2, at: 9).first == "list 2 after 1", "below what is known: suspicious")
  }

  @Test func nothingIsTakenBeforeThePastIsKnown() {
    var driver = MachineDriver.live(at: 10)
    driver.answersAnchors = false
    driver.send(.watchStarted(attempt: 1, ResponseHeader(revision: 12)))
    #expect(driver.events((11, .put("a", "1"))).names == ["list 2 after 1", "stale: internal"])
    #expect(driver.send(.anchorAnswered(attempt: 1, driver.ownAnchor(RangeRequest(.all)))).names == [])
  }

  @Test func eventsThatContradictAWriteAreNotApplied() {
    var driver = MachineDriver.live(at: 10, [machineRow("/p/a", "old", 5)])
    driver.ack(12, .put("a", "mine"))
    #expect(driver.events((13, .put("b", "1"))).names.first == "rewound")
    #expect(driver.view == ["a": "mine"])
  }

  @Test func aLaggingMemberIsNoRewind() {
    var driver = MachineDriver.live(at: 10, [machineRow("/p/a", "1", 5)])
    driver.send(.watchStarted(attempt: 1, ResponseHeader(revision: 8)))
    #expect(driver.list(10, [machineRow("/p/a", "1", 5)]).names == ["reached 10", "watch 2 from 11"])
    #expect(driver.machine.epoch == 0)
    // The same member again: back off for longer each time.
    #expect(driver.send(.watchStarted(attempt: 2, ResponseHeader(revision: 8))).names == ["list 3 after 2"])
  }

  struct ImpossibleList: Sendable {
    var revision: Revision
    var rows: [CacheRecord]
  }

  @Test(arguments: [
    ImpossibleList(revision: 10, rows: [machineRow("/p/a", "1", 11)]),
    ImpossibleList(revision: 10, rows: [machineRow("/p/b", "1", 5), machineRow("/p/a", "1", 5)]),
    ImpossibleList(revision: 10, rows: [machineRow("/p/a", "1", 5), machineRow("/p/a", "1", 5)]),
    ImpossibleList(revision: 10, rows: [machineRow("/q/a", "1", 5)]),
    ImpossibleList(revision: 0, rows: []),
    ImpossibleList(revision: -1, rows: []),
    ImpossibleList(revision: Revision(.max), rows: []),
  ])
  func aListThatCannotBe(_ list: ImpossibleList) {
    var driver = MachineDriver.live(at: 9, [machineRow("/p/z", "1", 5)])
    interrupted(&driver)
    #expect(driver.list(list.revision, list.rows).names == ["list 3 after 2", "stale: protocolViolation"])
    #expect(driver.view == ["z": "1"])
    #expect(driver.machine.epoch == 0)
  }
}
