import Holdfast
import HoldfastCore
import Testing

/// How new the base is: proofs (rule 3), age (rule 5), and what the watchdog makes of both.
@Suite struct CacheMachineProbingTests {
  private static let limit = Duration.seconds(15)

  /// Small ranges are read as they are, of large ones the number of keys and the newest.
  private static let anchors = [ExactAnchorLimit(keys: 0), ExactAnchorLimit(bytes: 3), ExactAnchorLimit()]

  @Test(arguments: anchors)
  func anIdleRangeIsProvenToBeTheBase(anchors: ExactAnchorLimit) {
    let records = [machineRow("/p/a", "1", 5)]
    var driver = MachineDriver.live(at: 7, records, exactAnchors: anchors)
    let probe = driver.machine.probe(at: .seconds(1))
    #expect(driver.send(.probed(probe, anchorAnswer(40, records))).names == ["proven 40"])
    #expect(driver.machine.snapshotRevision == 40 && driver.machine.revision == 7)
    #expect(driver.machine.covers(40, epoch: 0) && !driver.machine.covers(41, epoch: 0))
    #expect(driver.machine.confirmed == .seconds(1))
  }

  @Test(arguments: [
    [machineRow("/p/a", "1", 5), machineRow("/p/b", "2", 30)],  // one more
    [],  // one less
    [machineRow("/p/a", "2", 30, created: 5, version: 2)],  // changed
  ])
  func aRangeThatChangedIsNot(records: [CacheRecord]) {
    var driver = MachineDriver.live(at: 7, [machineRow("/p/a", "1", 5)])
    let probe = driver.machine.probe(at: .seconds(1))
    #expect(driver.send(.probed(probe, anchorAnswer(40, records))).names == [])
    #expect(driver.machine.snapshotRevision == 7 && driver.machine.confirmed == nil && driver.machine.lag == 33)
  }

  @Test func aProofOfAnotherBaseProvesNothing() {
    let records = [machineRow("/p/a", "1", 5)]
    var driver = MachineDriver.live(at: 7, records)
    let probe = driver.machine.probe(at: .seconds(1))
    driver.events((20, .put("b", "2")))
    #expect(driver.send(.probed(probe, anchorAnswer(40, records))).names == [])
    #expect(driver.machine.snapshotRevision == 20)
  }

  /// A key that was created and deleted after the base is no difference at the proven revision, and is delivered all the same.
  @Test func snapshotsDoNotShowWhatIsDeliveredAfterTheProof() {
    let records = [machineRow("/p/a", "1", 5)]
    var driver = MachineDriver.live(at: 7, records)
    driver.send(.probed(driver.machine.probe(at: .seconds(1)), anchorAnswer(40, records)))
    driver.events((20, .put("b", "2")))
    #expect(driver.view == ["a": "1", "b": "2"], "local reads follow the watch")
    #expect(driver.machine.snapshotRevision == 40)
    #expect(driver.machine.snapshotRecords.map(\.key) == ["/p/a"])
    driver.events((30, .delete("b")), (50, .put("c", "3")))
    #expect(driver.machine.snapshotRevision == 50)
    #expect(driver.machine.snapshotRecords.map(\.key) == ["/p/a", "/p/c"])
  }

  /// The list may be older than the proof, and snapshots would go back.
  @Test func nothingIsProvenWhileAListIsOnItsWay() {
    let records = [machineRow("/p/a", "1", 5)]
    var driver = MachineDriver.live(at: 7, records)
    driver.send(.watchEnded(attempt: driver.attempt, HoldfastError(.compacted, "")))
    driver.send(.probed(driver.machine.probe(at: .seconds(1)), anchorAnswer(40, records)))
    driver.list(30, records + [machineRow("/p/b", "2", 20)])
    #expect(driver.machine.snapshotRevision == 30 && driver.machine.snapshotRecords.map(\.key) == ["/p/a", "/p/b"])
  }

  @Test func ageIsThatOfTheQuestionNotOfTheAnswer() {
    var driver = MachineDriver.live(at: 7)
    let early = driver.machine.probe(at: .seconds(1))
    let late = driver.machine.probe(at: .seconds(3))
    driver.send(.probed(early, anchorAnswer(20, [machineRow("/p/x", "1", 20)])))
    driver.send(.probed(late, anchorAnswer(30, [machineRow("/p/x", "1", 30)])))
    #expect(driver.machine.confirmed == nil)
    driver.events((20, .put("x", "1")))
    #expect(driver.machine.confirmed == .seconds(1))
    driver.events((29, .put("x", "2")))
    #expect(driver.machine.confirmed == .seconds(1), "events alone say nothing of age")
    driver.events((30, .put("x", "3")))
    #expect(driver.machine.confirmed == .seconds(3))
  }

  @Test func aStoreThatAnswersTooLowIsDoubted() {
    let records = [machineRow("/p/a", "1", 5)]
    var driver = MachineDriver.live(at: 7, records)
    let names = driver.send(.probed(driver.machine.probe(at: .zero), anchorAnswer(6, records))).names
    #expect(names == ["list 2 after 1", "stale: unavailable"])
    #expect(!driver.machine.covers(6, epoch: 0), "what is held may be of a store that is gone")
    let again = driver.send(.probed(driver.machine.probe(at: .zero), anchorAnswer(6, records)))
    #expect(again.isEmpty, "the list was asked for since")
    driver.list(7, records)
    #expect(driver.machine.covers(6, epoch: 0))
  }

  @Test func whatIsKnownToBeWrongAnswersNoReadBeforeTheNextList() {
    let records = [machineRow("/p/a", "1", 5)]
    var driver = MachineDriver.live(at: 7, records)
    driver.send(.probed(driver.machine.probe(at: .seconds(1)), anchorAnswer(7, records)))
    #expect(driver.machine.covers(7, epoch: 0) && driver.machine.confirmed == .seconds(1))
    driver.send(.diverged(HoldfastError(.dataLoss, "it differs"), at: 7, epoch: 0))
    driver.send(.probed(driver.machine.probe(at: .seconds(2)), anchorAnswer(7, [])))
    #expect(!driver.machine.covers(7, epoch: 0) && driver.machine.confirmed == nil)
    driver.list(7, [])
    #expect(driver.machine.covers(7, epoch: 0) && driver.machine.confirmed == .seconds(2))
  }

  /// Found by the simulation: that something was missed is no reason why a key should go back.
  @Test(arguments: [4, 5] as [Revision]) func whatGoesBackIsARestoreAlsoWhereSomethingWasMissed(changed: Revision) {
    var driver = MachineDriver.live(at: 7, [machineRow("/p/a", "1", 5)])
    driver.send(.diverged(HoldfastError(.dataLoss, "it differs"), at: 7, epoch: 0))
    let names = driver.list(8, [machineRow("/p/a", "1", changed), machineRow("/p/b", "1", 6)]).names
    #expect(names.contains("epoch 1") == (changed == 4))
  }

  @Test func anotherPastIsARestore() {
    var driver = MachineDriver.live(at: 7, [machineRow("/p/a", "1", 5)])
    let names = driver.send(.probed(driver.machine.probe(at: .zero), anchorAnswer(9, [machineRow("/p/a", "2", 5)])))
      .names
    #expect(names.first == "rewound")
  }

  /// Found by the simulation: what was deleted in the other history leaves no newer key behind.
  @Test(arguments: anchors)
  func anotherStateAtTheSameRevisionIsARestore(anchors: ExactAnchorLimit) {
    let records = [machineRow("/p/a", "1", 5)]
    var driver = MachineDriver.live(at: 7, records, exactAnchors: anchors)
    #expect(driver.send(.probed(driver.machine.probe(at: .zero), anchorAnswer(7, []))).names.first == "rewound")
    var other = MachineDriver.live(at: 7, records + [machineRow("/p/b", "1", 6)])
    other.send(.watchEnded(attempt: other.attempt, HoldfastError(.compacted, "")))
    #expect(other.list(7, records).names.first == "epoch 1")
  }

  /// What was proven at a revision does not change any more: only a restored store answers otherwise.
  @Test(
    arguments: [
      (40, [machineRow("/p/a", "1", 5), machineRow("/p/b", "2", 30)]),  // at the proven revision
      (40, []),
      (41, [machineRow("/p/a", "1", 5), machineRow("/p/b", "2", 40)]),  // above it
    ] as [(Revision, [CacheRecord])])
  func anotherStateThanTheProvenOneIsARestore(revision: Revision, records: [CacheRecord]) {
    let held = [machineRow("/p/a", "1", 5)]
    var driver = MachineDriver.live(at: 7, held)
    driver.send(.probed(driver.machine.probe(at: .zero), anchorAnswer(40, held)))
    var listing = driver
    #expect(
      driver.send(.probed(driver.machine.probe(at: .zero), anchorAnswer(revision, records))).names.first == "rewound")
    listing.send(.watchEnded(attempt: listing.attempt, HoldfastError(.compacted, "")))
    #expect(listing.list(revision, records).names.first == "epoch 1")
  }

  /// The base may be of one history and the proof of another: the watch is to be of both.
  @Test(arguments: [true, false])
  func aWatchIsToBeOfTheProvenPast(isSame: Bool) {
    let records = [machineRow("/p/a", "1", 5)]
    var driver = MachineDriver.live(at: 7, records)
    driver.send(.probed(driver.machine.probe(at: .zero), anchorAnswer(40, records)))
    driver.answersAnchors = false
    let attempt = driver.attempt
    driver.send(.watchInterrupted(attempt: attempt, HoldfastError(.unavailable, "away")))
    let first = driver.send(.watchStarted(attempt: attempt, ResponseHeader(revision: 50)))
    let second = driver.send(.anchorAnswered(attempt: attempt, anchorAnswer(50, records)))
    #expect((first + second).anchors == [7, 40])
    let names = driver.send(.anchorAnswered(attempt: attempt, anchorAnswer(50, isSame ? records : []))).names
    #expect(names.first == (isSame ? "want probe" : "rewound"))
  }

  /// It was on its way when the store was restored, to less than what was proven afterwards.
  @Test(
    arguments: [
      [(20, MachineOp.put("a", "2"))],  // of a key that did not change
      [(20, .delete("a"))],
      [(20, .put("b", "2")), (50, .put("c", "3"))],  // of a key that was not there
      [(20, .put("b", "2")), (40, .put("c", "3"))],
    ] as [[(Revision, MachineOp)]])
  func aWatchThatBringsWhatCannotHaveBeenIsOfAnotherHistory(events: [(Revision, MachineOp)]) {
    let records = [machineRow("/p/a", "1", 5)]
    var driver = MachineDriver.live(at: 7, records)
    driver.send(.probed(driver.machine.probe(at: .zero), anchorAnswer(40, records)))
    var names: [String] = []
    for event in events where !names.contains("rewound") { names += driver.events(event).names }
    #expect(names.contains("rewound"))
  }

  /// Found by the simulation: as many keys, the same newest one, and another one was deleted.
  @Test func whatWasDeletedInTheOtherHistoryIsMissed() {
    let held = [machineRow("/p/a", "1", 3), machineRow("/p/c", "1", 5)]
    let other = [machineRow("/p/b", "1", 4), machineRow("/p/c", "1", 5)]
    var driver = MachineDriver.live(at: 7, held)
    var watching = driver
    #expect(driver.send(.probed(driver.machine.probe(at: .zero), anchorAnswer(9, other))).names.first == "rewound")
    watching.answersAnchors = false
    watching.send(.watchInterrupted(attempt: watching.attempt, HoldfastError(.unavailable, "away")))
    watching.send(.watchStarted(attempt: watching.attempt, ResponseHeader(revision: 9)))
    let names = watching.send(.anchorAnswered(attempt: watching.attempt, anchorAnswer(9, other))).names
    #expect(names.first == "rewound")
  }

  /// It asked for as many keys as were held when it was sent.
  @Test func anAnswerOfMoreKeysThanWereAskedForIsNoOtherHistory() {
    var driver = MachineDriver.live(at: 7, [machineRow("/p/a", "1", 5)])
    let probe = driver.machine.probe(at: .zero)
    #expect(probe.request.limit == 2)
    driver.events((8, .put("b", "2")), (9, .put("c", "3")))
    var answer = anchorAnswer(9, driver.machine.base.map(\.value))
    answer.keyValues.removeLast()
    #expect(driver.send(.probed(probe, answer)).names == [])
    #expect(driver.machine.confirmed == .zero)
  }

  @Test func progressPastTheProofFindsWhatIsLeft() {
    let records = [machineRow("/p/a", "1", 5)]
    var driver = MachineDriver.live(at: 7, records)
    driver.send(.probed(driver.machine.probe(at: .zero), anchorAnswer(40, records)))
    driver.events((20, .put("b", "2")))
    #expect(driver.progress(45).names.first == "rewound")
  }

  /// An acknowledged write above the base cannot have left what it replaced.
  @Test func aProofThatContradictsAWriteIsOfAnotherHistory() {
    let records = [machineRow("/p/a", "1", 5)]
    var driver = MachineDriver.live(at: 7, records)
    driver.ack(20, .put("a", "2"))
    #expect(driver.send(.probed(driver.machine.probe(at: .zero), anchorAnswer(40, records))).names.first == "rewound")
  }

  @Test func largeRangesAreLookedAtOnlyWhenSomethingIsMissing() {
    let records = (1...1_001).map { machineRow("/p/\(10_000 + $0)", "", Revision(Int64($0))) }
    var driver = MachineDriver.live(at: 1_001, records)
    let cheap = driver.machine.probe(at: .seconds(1))
    #expect(cheap.request.range == .key("/p/") && cheap.request.countOnly)
    driver.send(.probed(cheap, RangeResponse(header: ResponseHeader(revision: 1_001), keyValues: [], count: 0)))
    #expect(driver.machine.confirmed == .seconds(1))
    driver.send(.probed(cheap, RangeResponse(header: ResponseHeader(revision: 1_002), keyValues: [], count: 0)))
    let proof = driver.machine.probe(at: .seconds(2))
    #expect(proof.request.range == .prefix("/p/"))
    #expect(driver.send(.probed(proof, anchorAnswer(1_002, records))).names == ["proven 1002"])
  }

  @Test func aWatchThatStandsBehindTheStoreIsNotLiveYet() {
    var driver = MachineDriver()
    driver.answersAnchors = false
    driver.send(.start)
    driver.list(7, [])
    driver.send(.watchStarted(attempt: 1, ResponseHeader(revision: 7)))
    let anchored = RangeResponse(header: ResponseHeader(revision: 9), keyValues: [], count: 0)
    #expect(driver.send(.anchorAnswered(attempt: 1, anchored)).names == ["want probe"])
    #expect(driver.machine.phase == .loading)
    let proved = driver.send(.probed(driver.machine.probe(at: .zero), anchorAnswer(9, [])))
    #expect(proved.names == ["proven 9", "live"])
  }

  /// Others write all the time: the one probe that is wanted then has to tell, since the next one comes in a while.
  @Test func aLargeRangeIsLiveAfterOneProbe() {
    let records = (1...1_001).map { machineRow("/p/\(10_000 + $0)", "", Revision(Int64($0))) }
    var driver = MachineDriver()
    driver.answersAnchors = false
    driver.send(.start)
    driver.list(1_001, records)
    driver.send(.watchStarted(attempt: 1, ResponseHeader(revision: 1_001)))
    #expect(driver.send(.anchorAnswered(attempt: 1, anchorAnswer(1_009, records))).names == ["want probe"])
    let probe = driver.machine.probe(at: .zero)
    #expect(probe.request.range == .prefix("/p/"))
    #expect(driver.send(.probed(probe, anchorAnswer(1_009, records))).names == ["proven 1009", "live"])
  }

  /// Found by the simulation: a restore took the store back below what the cache waited for, and it waited for ever.
  @Test func whatItWaitsForIsKnownAndSoARestoreBelowItIsSeen() {
    var driver = MachineDriver()
    driver.answersAnchors = false
    driver.send(.start)
    driver.list(7, [])
    driver.send(.watchStarted(attempt: 1, ResponseHeader(revision: 7)))
    let anchored = RangeResponse(header: ResponseHeader(revision: 9), keyValues: [], count: 0)
    driver.send(.anchorAnswered(attempt: 1, anchored))
    let low = driver.send(.probed(driver.machine.probe(at: .zero), anchorAnswer(8, [])))
    #expect(low.names.first == "list 2 after 1")
  }

  @Test func withoutAnswersTheCacheDoesNotSayThatItFollows() {
    var driver = MachineDriver.live(at: 7)
    #expect(driver.send(.lookAfter(now: .seconds(1), limit: Self.limit)).isEmpty)
    #expect(driver.send(.lookAfter(now: .seconds(16), limit: Self.limit)).isEmpty)
    #expect(driver.send(.lookAfter(now: .seconds(17), limit: Self.limit)).names == ["stale: timeout"])
    // It may be the store that is away: listing again would not help.
    #expect(driver.send(.lookAfter(now: .seconds(60), limit: Self.limit)).isEmpty)
    let back = driver.send(.probed(driver.machine.probe(at: .seconds(61)), anchorAnswer(7, [])))
    #expect(back.names == ["live"])
  }

  @Test func aWatchThatBringsNothingIsReplaced() {
    var driver = MachineDriver.live(at: 7)
    driver.send(.lookAfter(now: .seconds(1), limit: Self.limit))
    driver.send(.probed(driver.machine.probe(at: .seconds(2)), anchorAnswer(9, [machineRow("/p/x", "1", 9)])))
    #expect(driver.send(.lookAfter(now: .seconds(17), limit: Self.limit)).names == ["stale: timeout"])
    #expect(driver.send(.lookAfter(now: .seconds(18), limit: Self.limit)).names.first == "list 2 after 1")
  }

  /// Nobody writes any more: every probe tells the same revision.
  @Test func aWatchThatBringsNothingOfAnIdleStoreIsReplaced() {
    var driver = MachineDriver.live(at: 7)
    var names: [String] = []
    for second in stride(from: 0, to: 60, by: 5) where !names.contains("list 2 after 1") {
      let probe = driver.machine.probe(at: .seconds(second))
      driver.send(.probed(probe, anchorAnswer(9, [machineRow("/p/x", "1", 9)])))
      names += driver.send(.lookAfter(now: .seconds(second), limit: Self.limit)).names
    }
    #expect(names.prefix(2) == ["stale: timeout", "list 2 after 1"])
  }

  @Test func aWatchThatIsCatchingUpIsLeftAlone() {
    var driver = MachineDriver.live(at: 7)
    driver.send(.lookAfter(now: .seconds(1), limit: Self.limit))
    driver.send(.probed(driver.machine.probe(at: .seconds(2)), anchorAnswer(90, [machineRow("/p/x", "1", 90)])))
    #expect(driver.send(.lookAfter(now: .seconds(17), limit: Self.limit)).names == ["stale: timeout"])
    for step in 1...10 {
      let names = driver.events((Revision(Int64(20 + step)), .put("x", "\(step)"))).names
      #expect(!names.contains("live"), "events prove nothing about age")
      #expect(driver.send(.lookAfter(now: .seconds(17 + step), limit: Self.limit)).isEmpty)
    }
    #expect(driver.events((90, .put("x", "1"))).names.last == "live")
  }
}

extension [TestMachine.Action] {
  /// The revisions at which the store is asked for its past.
  fileprivate var anchors: [Revision] {
    compactMap { if case .checkAnchor(_, let request) = $0 { request.revision } else { nil } }
  }
}
